"""What keeps the app upright when the terminal, the line or the code fails: signals, hang-up, stalls,
crashes."""
