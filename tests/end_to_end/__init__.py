"""The desk as its users have it: `boxes` on a pseudo-terminal, over a demo dealership."""
