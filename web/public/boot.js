// Runs before the first paint: the theme and the language that the viewer chose, so that neither flashes. Everything else is a module.
(function () {
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem('edgepool.theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    var language = localStorage.getItem('edgepool.language');
    if (language !== 'en' && language !== 'zh') language = /^zh\b/i.test(navigator.language) ? 'zh' : 'en';
    root.lang = language === 'zh' ? 'zh-CN' : 'en';
  } catch (error) {
    root.lang = 'en';
  }
})();
