// The person's own keys: what is in the fields, without what is as it ships.
"use strict";
{
const keyForm = document.getElementById("key-form");
keyForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  const keys = {};
  for (const field of keyForm.querySelectorAll("[data-shipped]")) {
    if (field.value && field.value !== field.dataset.shipped) keys[field.dataset.shipped] = field.value;
  }
  try {
    await send("/api/v1/session/keys", { keys }, "PUT");
    sessionStorage.setItem("said", said.dataset.done);
    location.reload();
  } catch (problem) {
    failed(event.submitter, problem);
  }
});
}
