// What the node refuses: a sentence in the reader's language, and below it what exactly, in English.
"use strict";

/** The error of an answer that is none of success; `more` is what the sentence leaves out. */
function refusal(answer, data = {}) {
  const error = new Error(data.title || answer.statusText);
  const found = (data.errors || []).map((each) => Object.values(each).filter(Boolean).join(" "));
  error.more = [data.detail, found.join("; ")].filter(Boolean).join(": ");
  return error;
}

/** Writes a sentence into `line`; `more` is the second, smaller one. */
function write(line, text, more) {
  line.textContent = text;
  if (!more) return;
  const exact = document.createElement("small");
  exact.lang = "en";
  exact.textContent = more;
  line.append(" ", exact);
}
