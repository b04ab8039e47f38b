"use strict";
// Evidence in the text: which label's is shown, and where a term of the lists stands.
(() => {
  const text = document.getElementById("text");
  const show = (side) => {
    text.classList.toggle("off", side === "none");
    if (side !== "none") text.dataset.side = side;
    for (const button of document.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", String(button.dataset.show === side));
  };
  for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => show(button.dataset.show));
  const turns = new Map();
  for (const button of document.querySelectorAll("[data-term]")) {
    button.addEventListener("click", () => {
      const term = button.dataset.term;
      const places = text.getElementsByClassName(term);
      if (!places.length) return;
      show(term[0]);
      const turn = (turns.get(term) ?? -1) + 1;
      turns.set(term, turn);
      for (const old of text.querySelectorAll(".here")) old.classList.remove("here");
      const place = places[turn % places.length];
      place.classList.add("here");
      place.tabIndex = -1;
      place.focus({ preventScroll: true });
      place.scrollIntoView({ block: "center" });
    });
  }
})();
