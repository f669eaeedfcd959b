// The button that changes between the light and the dark theme. Without it the page follows the system's.
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const shown = () => root.dataset.theme ?? (dark.matches ? "dark" : "light");
  const other = () => (shown() === "dark" ? "light" : "dark");
  const say = () => {
    button.textContent = other() === "dark" ? "Dark theme" : "Light theme";
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = other();
    say();
  });
  dark.addEventListener("change", say);
  say();
})();
