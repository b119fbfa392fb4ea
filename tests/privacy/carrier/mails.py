"""One incident mail in every way a mail can hide a name; all names are invented.

The reporter at `lipa-primer.si` forwards the attacker's mail, with files and certificates.
"""

from base64 import b64encode

INNER = """\
Return-Path: <bounce@evil-fixture.top>
Delivered-To: igor.kos@lipa-primer.si
Received: from mx1.lipa-primer.si (10.1.2.3) by mbx7.lipa.local; Mon, 1 Jun 2026 10:00:05 +0200
Received: from mail.evil-fixture.top (mail.evil-fixture.top [185.234.72.10])
 by mx1.lipa-primer.si with ESMTP for <igor.kos@lipa-primer.si>; Mon, 1 Jun 2026 10:00:01 +0200
Authentication-Results: mx1.lipa-primer.si; spf=fail smtp.mailfrom=bounce@evil-fixture.top
DKIM-Signature: v=1; a=rsa-sha256; d=evil-fixture.top; i=@evil-fixture.top; s=a; b=xyz
ARC-Seal: i=1; a=rsa-sha256; d=lipa-primer.si; b=xyz
X-MS-Exchange-Organization-AuthAs: Internal mbx7.lipa.local
X-Originating-IP: [185.234.72.11]
Message-ID: <77@mx1.lipa-primer.si>
In-Reply-To: <76@pc-kos.lipa.local>
References: <76@pc-kos.lipa.local>
List-Unsubscribe: <https://evil-fixture.top/u?e=igor.kos%40lipa-primer.si>
From: =?utf-8?b?UG/FoXRh?= <posta@evil-fixture.top>
Reply-To: drugi@evil-fixture.top
To: Igor Kos <igor.kos@lipa-primer.si>
Cc: Maja Hribar <maja.hribar@lipa-primer.si>
Subject: =?iso-8859-2?q?Va=B9_paket_=E8aka=2C_Igor_Kos?=
Date: Mon, 1 Jun 2026 10:00:00 +0200
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="igor-kos-boundary"

--igor-kos-boundary
Content-Type: text/plain; charset=windows-1250
Content-Transfer-Encoding: quoted-printable

Spo=9Atovani Igor Kos, pla=E8ajte na https://evil-fixture.top/p?e=3Digor.kos@lipa-primer.si
--igor-kos-boundary
Content-Type: text/html; charset=utf-8

<p>Spoštovani Igor K<b>o</b>s</p><!-- poslano: igor.kos@lipa-primer.si -->
<a href="https://evil-fixture.top/p?u=aWdvci5rb3NAbGlwYS1wcmltZXIuc2k=">tukaj</a>
<img alt="Maja Hribar" src="data:text/plain;base64,SWdvciBLb3M="><span style="display:none">Maja
Hribar</span>
--igor-kos-boundary--
"""

VCARD = "BEGIN:VCARD\nFN:Igor Kos\nTEL:041 332 118\nEND:VCARD\n"


def part(kind: str, body: str, name: str = "", coded: bool = True) -> str:
    named = f'Content-Disposition: attachment; filename="{name}"\n' if name else ""
    if not coded:
        return f"--outer\nContent-Type: {kind}\n{named}\n{body}\n"
    text = b64encode(body.encode()).decode()
    return f"--outer\nContent-Type: {kind}\n{named}Content-Transfer-Encoding: base64\n\n{text}\n"


def mail(inner: str = INNER) -> bytes:
    """The whole report as bytes."""
    body = [
        "Received: from pc-kos.lipa.local (10.1.2.9) by mx1.lipa-primer.si; Mon, 1 Jun 2026\n",
        "From: Igor Kos <igor.kos@lipa-primer.si>\nTo: prijava@cert.example\n",
        "X-Mailer: Lipa Mail 3 on PC-KOS\nOrganization: Lipa d.o.o.\n",
        "Subject: Posredovano: sumljivo\nDate: Mon, 1 Jun 2026 10:05:00 +0200\nMIME-Version: 1.0\n",
        'Content-Type: multipart/mixed; boundary="outer"\n\n',
        part("text/plain; charset=utf-8", "Pozdravljeni, posredujem. Igor Kos, 041 332 118"),
        part("text/vcard; charset=utf-8", VCARD, "igor-kos.vcf"),
        part("application/pkcs7-signature", "certificate of igor.kos@lipa-primer.si", "smime.p7s"),
        part("application/ms-tnef", "x", "winmail.dat"),
        part(
            "text/calendar; charset=utf-8", "BEGIN:VEVENT\nORGANIZER;CN=Maja Hribar:x\nEND:VEVENT"
        ),
        part("message/rfc822", inner, coded=False),
        "--outer--\n",
    ]
    return "".join(body).encode()


VICTIMS = ("igor", "kos", "maja", "hribar", "lipa", "10.1.2", "332 118", "mx1", "mbx7", "pc-kos")
ATTACKERS = ("posta@evil-fixture.top", "drugi@evil-fixture.top", "bounce@evil-fixture.top",
             "185.234.72.10", "mail.evil-fixture.top", "https://evil-fixture.top/p")  # fmt: skip
