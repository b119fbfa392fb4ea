// The weights of the queue: what is in the fields, as the policy writes it.
"use strict";
{
const rankForm = document.getElementById("rank-form");

function weightsNow() {
  const weights = JSON.parse(rankForm.dataset.weights);
  for (const field of rankForm.elements) {
    if (field.name) weights[field.name] = Number(field.value);
    else if (field.dataset?.list === "severity") weights.severity[field.dataset.at] = Number(field.value);
    else if (field.dataset?.list === "age") weights.age[field.dataset.at][1] = Number(field.value);
  }
  return weights;
}

document.getElementById("rank-preview")?.addEventListener("click", async (event) => {
  const button = event.target;
  try {
    const found = await send("/api/v1/rank/preview", { weights: weightsNow() });
    say(button, button.dataset.one.replace("{moved}", found.moved).replace("{looked}", found.looked), "good");
  } catch (problem) {
    failed(button, problem);
  }
});

rankForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  const reason = document.getElementById("rank-why").value;
  try {
    await send("/api/v1/rank/changes", { weights: weightsNow(), reason });
    sessionStorage.setItem("said", said.dataset.done);
    location.reload();
  } catch (problem) {
    failed(event.submitter, problem);
  }
});
}
