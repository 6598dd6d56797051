/* Questions: with this script a quiz item answers the option that was chosen. Nothing is kept. */
(() => {
  "use strict";

  const chosen = (box) => box.querySelector("input:checked");

  const told = (box) => {
    const place = document.createElement("div");
    place.className = "question-told";
    place.setAttribute("role", "status");
    place.setAttribute("aria-live", "polite");
    return place;
  };

  const answer = (box, place) => {
    const option = chosen(box);
    place.replaceChildren();
    if (!option) {
      place.textContent = "Choose an answer first.";
      return;
    }
    const why = box.querySelector(`.quiz-answers [data-option="${option.value}"]`);
    for (const part of why.cloneNode(true).childNodes) {
      // what is shown twice on a page must not carry an id twice
      if (part.querySelectorAll) part.querySelectorAll("[id]").forEach((e) => e.removeAttribute("id"));
      place.append(part.cloneNode(true));
    }
  };

  for (const box of document.querySelectorAll(".question.quiz")) {
    if (!box.querySelector(".quiz-answers")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Check";
    const place = told(box);
    button.addEventListener("click", () => answer(box, place));
    box.querySelector("fieldset").after(button, place);
  }

  for (const box of document.querySelectorAll(".question.predict")) {
    const place = told(box);
    box.append(place);
    box.addEventListener("change", () => {
      place.textContent = `Your prediction is ${chosen(box).value}. Now read on.`;
    });
  }
})();
