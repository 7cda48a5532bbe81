// Before anything is drawn: the appearance that the user chose, so that the page does not flash in the other one.
try {
  document.documentElement.dataset.theme = JSON.parse(localStorage.getItem('imcore.preferences')).theme;
} catch {
  // Nothing was chosen: as the system has it.
}
