"""Words for made up addresses, from `vocabulary.toml`: brands as generic words, lures, platforms."""

import tomllib
from importlib import resources

_FILE = resources.files("zvon.ml.url_training") / "vocabulary.toml"
_WORDS = {
    name: tuple(text.split()) for name, text in tomllib.loads(_FILE.read_text("utf-8")).items()
}
BRANDS = _WORDS["brands"]
OFFICIAL = _WORDS["official"]
LURES = _WORDS["lures"]
CHEAP = _WORDS["cheap"]
COMMON = _WORDS["common"]
PLATFORMS = _WORDS["platforms"]
COUNTRIES = _WORDS["countries"]
LANGUAGES = _WORDS["languages"]
PAGES = _WORDS["pages"]
HACKED = _WORDS["hacked"]
ORDINARY = _WORDS["ordinary"]
SECTIONS = _WORDS["sections"]
YEARS = _WORDS["years"]
MONTHS = _WORDS["months"]
FILES = _WORDS["files"]
SYSTEM = _WORDS["system"]
ASSETS = _WORDS["assets"]
ACCOUNT = _WORDS["account"]
SUBDOMAINS = _WORDS["subdomains"]
NEARBY = _WORDS["nearby"]
ENDINGS_HERE = ("si", "si", "hr", "hr", "com.hr", "skole.hr", "from.hr", "gov.si")

OFFICIAL_PATHS = (
    "", "/prijava", "/login", "/kontakt", "/obcani", "/gradjani", "/poslovni", "/osebno",
    "/novice/2026/obvestilo", "/sledenje", "/pracenje", "/e-banka", "/spletna-banka",
    "/internet-bankarstvo", "/placila", "/racuni", "/varnost", "/sl/o-nas", "/hr/o-nama",
)  # fmt: skip
# None of these is in OFFICIAL_PATHS: they are checked and never trained on.
PINNED_PATHS = (
    "/", "/moj-racun/prijava", "/netbanka/login", "/pomoc/varnost-na-spletu", "/sl/fizicne-osebe",
    "/gradani/kartice", "/en/contact", "/sledenje-posiljk?stevilka=RR123456789SI",
    "/pracenje-posiljaka?broj=RR123456789HR", "/aktualno/2026/10/opozorilo.html",
    "/index.php?id=12", "/dokumenti/cenik.pdf", "/e-storitve/oddaja-vloge", "/poslovnice",
)  # fmt: skip
