"""Who we pretend to be: a person's phone with a link from a message, or a computer elsewhere."""

from typing import Any

from msgspec import Struct

from zvon.model.page import Vantage

ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Safari/537.36"


class Viewpoint(Struct, frozen=True, kw_only=True):
    """How a browser presents itself; sizes in CSS pixels."""

    vantage: Vantage
    agent: str
    languages: str
    locale: str
    timezone: str
    width: int
    height: int
    scale: float
    mobile: bool
    platform: str
    referrer: str = ""


def phone(country: str) -> Viewpoint:
    """A phone of a person in `country` (two letters), come from a messenger's web page."""
    croatian = country.upper() == "HR"
    return Viewpoint(
        vantage=Vantage.PHONE,
        agent=ANDROID,
        languages="hr-HR,hr;q=0.9,en;q=0.6" if croatian else "sl-SI,sl;q=0.9,en;q=0.6",
        locale="hr-HR" if croatian else "sl-SI",
        timezone="Europe/Zagreb" if croatian else "Europe/Ljubljana",
        width=390,
        height=844,
        scale=2.0,
        mobile=True,
        platform="Android",
        referrer="https://l.facebook.com/",
    )


def desktop() -> Viewpoint:
    """A computer that speaks English and comes from nowhere, as a scanner does."""
    return Viewpoint(
        vantage=Vantage.DESKTOP,
        agent=WINDOWS,
        languages="en-US,en;q=0.9",
        locale="en-US",
        timezone="America/New_York",
        width=1280,
        height=800,
        scale=1.0,
        mobile=False,
        platform="Windows",
    )


def emulation(view: Viewpoint, version: str) -> list[tuple[str, dict[str, Any]]]:
    """The commands that make a page see `view`; `version` is the browser's own (`156.0.8078.79`).

    The version is the real one: a wrong one differs from what the page can feel out.
    """
    major = version.partition(".")[0]
    brands = [{"brand": "Chromium", "version": major}, {"brand": "Google Chrome", "version": major},
              {"brand": "Not)A;Brand", "version": "8"}]  # fmt: skip
    return [
        (
            "Emulation.setUserAgentOverride",
            {
                "userAgent": view.agent.format(f"{major}.0.0.0"),
                "acceptLanguage": view.languages,
                "platform": "Linux armv81" if view.mobile else "Win32",
                "userAgentMetadata": {
                    "brands": brands,
                    "platform": view.platform,
                    "platformVersion": "14.0.0" if view.mobile else "15.0.0",
                    "architecture": "" if view.mobile else "x86",
                    "model": "K" if view.mobile else "",
                    "mobile": view.mobile,
                },
            },
        ),
        (
            "Emulation.setDeviceMetricsOverride",
            {"width": view.width, "height": view.height, "deviceScaleFactor": view.scale,
             "mobile": view.mobile, "screenWidth": view.width, "screenHeight": view.height},
        ),
        ("Emulation.setTouchEmulationEnabled", {"enabled": view.mobile, "maxTouchPoints": 5}),
        ("Emulation.setLocaleOverride", {"locale": view.locale}),
        ("Emulation.setTimezoneOverride", {"timezoneId": view.timezone}),
    ]  # fmt: skip
