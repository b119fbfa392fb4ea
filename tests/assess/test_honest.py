"""Honest messages are never called fraud; lures in other words than our fixtures still are.

The texts are ours and prove plumbing, not the quality of a model: no accuracy is drawn from them.
"""

import pytest

from tests.assess.message import AT, message, registered
from zvon.assess.advise import advise
from zvon.assess.decide import decide
from zvon.assess.shipped import shipped
from zvon.model.report import Channel, Lang
from zvon.model.verdict import VerdictWord

SL, HR, EN = Lang.SL, Lang.HR, Lang.EN
OLD, NEW, UNKNOWN = 3000, 2, None

HONEST = [
    (SL, "NLB: v mobilni banki vas čaka novo obvestilo. Prijavite se na https://www.nlb.si/klik", None),
    (SL, "FURS: rok za oddajo napovedi je čez 8 dni, preplačilo vrnemo do junija: https://edavki.durs.si", None),
    (SL, "Račun za november: plačajte 23,40 EUR do 15. 12. na https://moj.telekom.si", None),
    (SL, "Naš članek: NLB in FURS o vračilu dohodnine, oddajte v 8 dneh https://racunovodski-nasveti.si/a", OLD),
    (SL, "Naš članek: NLB in FURS o vračilu dohodnine, oddajte v 8 dneh https://racunovodski-nasveti.si/a", UNKNOWN),
    (SL, "Mama, prosim nakaži mi 20 EUR za izlet na SI56020170014356205, hvala", None),
    (SL, "Glasujte za najboljšega športnika leta na tekmovanju https://sport-leta.si/glasuj", OLD),
    (SL, "Jutri ob 9.00 imate naročen pregled. Zdravstveni dom, 01 234 56 78", None),
    (SL, "Navijači NLB lige: vstopnice na https://nlb-liga.si/vstopnice", OLD),
    (HR, "HEP Opskrba: vaš račun za struju iznosi 41,20 EUR, platite u roku 8 dana: https://hep-opskrba.hr/racun", OLD),
    (HR, "Vaša narudžba je poslana. Pratite paket na https://gls-group.eu/HR/hr/pracenje", None),
    (HR, "Posjetite nas u trgovini, popust 70% na zimske jakne! https://obuca-mrkvica.hr", OLD),
    (HR, "Mama, zaboravio sam ključeve, možeš li doći po mene?", None),
    (HR, "Pozdrav, šaljem skenirani ugovor u privitku, molim potvrdite do petka.", None),
    (HR, "ZABA: potvrdite plaćanje u aplikaciji m-zaba, kod nikome ne govorite.", None),
    (EN, "Your DHL parcel arrives today. Track it: https://www.dhl.com/track?id=1", None),
    (EN, "Reset your password within 24 hours: https://accounts.hotelbled.example/reset", OLD),
    (EN, "Scan the QR code at the gate before Friday to check in for the fair.", None),
    (EN, "Team lunch on Friday, the bill was 12.50 EUR each, please pay me back.", None),
    (EN, "Microsoft published new guidance, see https://blog.admin-corner.example/teams", OLD),
]  # fmt: skip

LURES = [
    (SL, "Posta Slovenije: vasa posiljka je zadrzana na carini, poravnajte 2,40 EUR: https://posta-carinjenje.example/x", "posta-carinjenje.example", "si.posta"),
    (SL, "DARS: za vožnjo brez vinjete vam grozi kazen, plačajte takoj https://evinjeta-kazen.example/p", "evinjeta-kazen.example", "si.dars"),
    (SL, "Vaš račun OTP banka je omejen. Prijavite se: https://otpbanka-si.example/login", "otpbanka-si.example", "si.otp"),
    (SL, "Telekom Slovenije: preplačali ste 38,10 EUR, za povračilo vnesite kartico https://telekom-povracilo.example", "telekom-povracilo.example", "si.telekom"),
    (HR, "Porezna uprava: imate pravo na povrat 112,30 EUR, zahtjev predajte danas https://eporezna-povrat.example/z", "eporezna-povrat.example", "hr.porezna"),
    (HR, "FINA: vaš certifikat istječe za 2 dana, obnovite ga na https://fina-certifikat.example/obnova", "fina-certifikat.example", "hr.fina"),
    (HR, "Vaš Njuškalo kupac je platio, preuzmite novac: https://njuskalo-isplata.example/7731", "njuskalo-isplata.example", "hr.njuskalo"),
    (HR, "PBZ: uočili smo sumnjivu prijavu, potvrdite identitet odmah https://pbz-sigurnost.example/hr", "pbz-sigurnost.example", "hr.pbz"),
    (EN, "PayPal: your account is limited, verify your identity within 24 hours https://paypal-verify.example/a", "paypal-verify.example", "x.paypal"),
    (EN, "DPD: your parcel could not be delivered, pay 1.20 EUR for redelivery https://dpd-redelivery.example/p", "dpd-redelivery.example", "x.dpd"),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "text", "age"), HONEST)
def test_an_honest_message_is_never_called_fraud(lang: Lang, text: str, age: int | None) -> None:
    assessor, what = shipped(), message(text, lang=lang, channel=Channel.SMS)
    facts = assessor.facts(what, [], AT)
    for link in facts.links:
        if age is not None and link.link.registered:
            facts = assessor.facts(what, registered(link.link.registered, age), AT)
    verdict = decide(assessor, facts, "sms")
    assert verdict.word is not VerdictWord.MALICIOUS, verdict


@pytest.mark.parametrize(("lang", "text", "domain", "brand"), LURES)
def test_a_lure_is_called_fraud_and_its_brand_named(
    lang: Lang, text: str, domain: str, brand: str
) -> None:
    assessor, what = shipped(), message(text, lang=lang)
    facts = assessor.facts(what, registered(domain, NEW), AT)
    verdict = decide(assessor, facts, "sms")
    (advice, *_) = advise(facts, verdict, assessor.policy)
    assert (verdict.word, verdict.brand) == (VerdictWord.MALICIOUS, brand)
    assert advice.name == domain
