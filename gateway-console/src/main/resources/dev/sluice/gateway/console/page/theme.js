// Runs before the first paint, so that a chosen theme does not flash. No module, on purpose.
(() => {
  try {
    const chosen = localStorage.getItem('sluice.theme');
    if (chosen === 'light' || chosen === 'dark') {
      document.documentElement.dataset.theme = chosen;
    }
  } catch (denied) {
    // Storage is switched off in this browser: the system's theme it is.
  }
})();
