"use strict";
// What every page has: its language and its theme, kept for the next page where the browser allows it.
(() => {
  const root = document.documentElement;
  const kept = (key) => { try { return localStorage.getItem("classifier-" + key); } catch { return null; } };
  const keep = (key, value) => { try { localStorage.setItem("classifier-" + key, value); } catch { /* file: pages may not */ } };
  const speak = (language) => {
    root.dataset.lang = root.lang = language;
    root.dir = language === "ar" ? "rtl" : "ltr";
    for (const node of document.querySelectorAll("[data-ar]")) {
      for (const part of ["placeholder", "aria-label", "title"]) if (node.hasAttribute(part)) node.setAttribute(part, node.dataset[language]);
    }
    document.dispatchEvent(new Event("language"));
  };
  const paint = (theme) => { if (theme) root.dataset.theme = theme; };
  speak(kept("language") === "en" ? "en" : "ar");
  paint(kept("theme"));
  document.getElementById("language").addEventListener("click", () => {
    const language = root.dataset.lang === "ar" ? "en" : "ar";
    keep("language", language);
    speak(language);
  });
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    keep("theme", dark ? "light" : "dark");
    paint(dark ? "light" : "dark");
  });
})();
