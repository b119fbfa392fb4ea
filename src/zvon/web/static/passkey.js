// Passkeys: sign in with one, add one, confirm with one. The node checks everything again.
"use strict";
{
  const token = document.querySelector('meta[name="csrf"]')?.content;
  const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON !== undefined;

  const post = async (path, body) => {
    const headers = { "Content-Type": "application/json" };
    if (token) headers["X-CSRF-Token"] = token;
    const answer = await fetch(`/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const data = await answer.json();
    if (!answer.ok) throw refusal(answer, data);
    return data;
  };

  const answered = async (path) => {
    const { options } = await post(`${path}/options`, {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = await navigator.credentials.get({ publicKey });
    return post(path, { credential: credential.toJSON() });
  };

  const made = async (name) => {
    const { options } = await post("passkeys/options", {});
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const credential = await navigator.credentials.create({ publicKey });
    return post("passkeys", { name, credential: credential.toJSON() });
  };

  // A person who turns the browser's dialog away, and a browser that knows no key, are no errors of ours.
  const told = (near, problem) => {
    let line = near.parentElement.querySelector(":scope > .said");
    if (!line) {
      line = document.createElement("p");
      line.className = "said";
      line.setAttribute("role", "alert");
      near.insertAdjacentElement("afterend", line);
    }
    line.dataset.tone = "bad";
    if (problem instanceof DOMException) write(line, near.dataset.failed);
    else write(line, problem.message, problem.more);
  };

  const wire = (id, work) => {
    const button = document.getElementById(id);
    if (!button) return;
    button.closest("[data-passkey]")?.toggleAttribute("hidden", !able);
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      if (button.type === "submit" && !button.form.reportValidity()) return;
      button.disabled = true;
      try {
        await work(button);
      } catch (problem) {
        told(button, problem);
      } finally {
        button.disabled = false;
      }
    });
  };

  wire("passkey-in", async (button) => {
    await answered("passkeys/sign-in");
    location.assign(button.dataset.next);
  });
  wire("passkey-add", async (button) => {
    await made(button.form.elements.namedItem("name").value);
    location.reload();
  });
  wire("passkey-confirm", async () => {
    await answered("passkeys/confirm");
    location.reload();
  });
  wire("oidc-connect", async () => {
    const { url } = await post("identities/connect", {});
    location.assign(url);
  });

  // Used by the console: a decision that asks for a passkey is confirmed and sent once more.
  if (able) window.zvonConfirm = () => answered("passkeys/confirm");
}
