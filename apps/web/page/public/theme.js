// Sets the chosen theme before the first paint, so that the page does not flash in the wrong theme.
try {
  document.documentElement.dataset.theme = JSON.parse(localStorage.getItem('imcore.preferences')).theme;
} catch {
  // No theme was chosen: use the system's.
}
