"use strict";
document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("start").addEventListener("click", () => window.location.reload());
});
