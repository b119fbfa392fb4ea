"""What Chromium is started with: everything through our proxy, nothing kept, nothing extra."""

from pathlib import Path
from typing import Any

# A page gets a proxy with its context (see `visit`). What the browser itself would like to ask its
# maker goes to a port where nobody is. Names are never resolved here, loopback is not exempt, and
# what is not TCP (QUIC, WebRTC) is off.
NOWHERE = "http://127.0.0.1:9"
BYPASS = "<-loopback>"
_NETWORK = (
    f"--proxy-server={NOWHERE}",
    f"--proxy-bypass-list={BYPASS}",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-domain-reliability",
    "--no-pings",
)
_FEATURES = (
    "Translate",
    "MediaRouter",
    "OptimizationHints",
    "AutofillServerCommunication",
    "CertificateTransparencyComponentUpdater",
    "IsolateOrigins",
    "site-per-process",
)
_QUIET = (
    "--headless=new",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-component-update",
    "--disable-component-extensions-with-background-pages",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-client-side-phishing-detection",
    "--metrics-recording-only",
    "--disable-notifications",
    "--deny-permission-prompts",
    "--disable-speech-api",
    "--mute-audio",
    "--password-store=basic",
    "--hide-scrollbars",
    "--disable-blink-features=AutomationControlled",  # kits ask `navigator.webdriver`
    # The last of these flags would win, so there is one.
    f"--disable-features={','.join(_FEATURES)}",
)
# One page at a time and no secrets to keep apart: frames share its process, which halves the
# memory and lets one snapshot see them.
_SMALL = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-site-isolation-trials",
    "--renderer-process-limit=2",
    "--js-flags=--max-old-space-size=192",
)

# What only a profile can say: no pop-ups, no questions, nothing remembered.
PREFERENCES: dict[str, Any] = {
    "profile": {
        "default_content_setting_values": {
            "popups": 2,
            "automatic_downloads": 2,
            "notifications": 2,
            "geolocation": 2,
            "media_stream_camera": 2,
            "media_stream_mic": 2,
        },
        "password_manager_enabled": False,
    },
    "webrtc": {"ip_handling_policy": "disable_non_proxied_udp", "multiple_routes_enabled": False},
    "download": {"prompt_for_download": False},
    "safebrowsing": {"enabled": False},
    "dns_prefetching": {"enabled": False},
    "net": {"network_prediction_options": 2},
}


def arguments(profile: Path) -> list[str]:
    """The command line after the program.

    Nothing here weakens the sandbox. Without one Chromium does not start, and then the stage is
    unavailable.
    """
    return [
        f"--user-data-dir={profile}",
        *_NETWORK,
        *_QUIET,
        *_SMALL,
        "--remote-debugging-pipe",
        "about:blank",
    ]
