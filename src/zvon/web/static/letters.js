// A wording tried on an incident before it is kept: what the gate would let out, as plain text.
"use strict";
document.querySelector("[data-try]")?.addEventListener("click", async (event) => {
  const button = event.target;
  const form = document.getElementById("wording-form");
  const text = document.getElementById("tried");
  try {
    const made = await send(button.dataset.try, {
      incident: button.dataset.incident, subject: form.elements.subject.value, body: form.elements.body.value,
    });
    document.getElementById("tried-subject").textContent = made.subject;
    text.textContent = made.text.replaceAll("http", "hxxp");
    document.getElementById("tried-box").hidden = false;
    text.focus();
  } catch (problem) {
    failed(button, problem);
  }
});
