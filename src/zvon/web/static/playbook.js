// Playbooks: a document of somebody else is read from a file, checked and taken in.
"use strict";
{
  const form = document.getElementById("import-form");
  const list = document.getElementById("import-findings");

  /** Findings of the check, one below the other. */
  function tell(lines) {
    list.replaceChildren(...lines.map((text) => {
      const line = document.createElement("li");
      line.textContent = text;
      return line;
    }));
  }

  /** Why the node takes no document, with each place that is wrong. */
  function refused(answer, data) {
    const line = document.createElement("li");
    write(line, data.title || answer.statusText, data.detail);
    const errors = (data.errors || []).map((each) => {
      const place = document.createElement("li");
      place.lang = "en";
      place.textContent = Object.values(each).filter(Boolean).join(", ");
      return place;
    });
    list.replaceChildren(line, ...errors);
  }

  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const only = event.submitter?.value === "check";
    const file = document.getElementById("document").files[0];
    const answer = await fetch(only ? form.dataset.checks : form.dataset.import, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": document.querySelector('meta[name="csrf"]').content },
      body: file,
    });
    const data = await answer.json();
    if (answer.ok && !only) {
      location.assign(form.dataset.opens + data.id);
    } else if (answer.ok) {
      const found = data.findings.map((f) => [f.step, f.sentence].filter(Boolean).join(": "));
      tell(found.length ? found : [form.dataset.clean]);
    } else {
      refused(answer, data);
    }
  });

  // A playbook that was just begun is opened.
  for (const made of document.querySelectorAll("form[data-form][data-opens]")) {
    made.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      const answer = await fetch(made.dataset.form, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": document.querySelector('meta[name="csrf"]').content },
        body: JSON.stringify(Object.fromEntries(new FormData(made))),
      });
      const data = await answer.json();
      if (answer.ok) location.assign(made.dataset.opens + data.id);
      else refused(answer, data);
    });
  }
}
