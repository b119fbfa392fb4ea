"""`zvon text`: what a text says, without a server, database or network."""

from cyclopts import App

app = App(name="text", help="What a text says: indicators, techniques, language, duplicates.")
# Each is loaded only when it is asked for.
app.command(
    "zvon.cli.text_extract:app", name="extract", help="Find every indicator, and whose it is."
)
app.command("zvon.cli.text_eval:app", name="eval", help="Measure `extract` against labelled texts.")
app.command("zvon.cli.text_lang:app", name="lang", help="Which language a text is in.")
app.command("zvon.cli.text_dedup:app", name="dedup", help="Which texts say the same.")
app.command(
    "zvon.cli.text_convert:app", name="convert", help="Take a mail, page, PDF or Office file apart."
)
app.command("zvon.cli.text_tag:app", name="tag", help="ATT&CK techniques, each with its sentences.")
