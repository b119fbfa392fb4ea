// A file for an incident: sent as it is, as the body of the request; what goes wrong is said.
"use strict";
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-upload]");
  if (!form) return;
  event.preventDefault();
  const file = form.elements.namedItem("file").files[0];
  const more = new URLSearchParams({ name: file.name, note: form.elements.namedItem("note").value });
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(`${form.dataset.upload}?${more}`, {
      method: "POST",
      headers: { "Content-Type": file.type || "application/octet-stream", "X-CSRF-Token": csrf },
      body: file,
    });
    if (!answer.ok) throw refusal(answer, await answer.json());
    sessionStorage.setItem("said", said.dataset.done);
    location.reload();
  } catch (problem) {
    failed(button, problem);
  } finally {
    button.disabled = false;
  }
});
