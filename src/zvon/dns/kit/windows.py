"""Windows DNS Server (2016 and newer): no policy zones, so a script keeps query policies in step.

A policy refuses the query; the visitor's browser says that the name was not found. There is no
landing page, no NODATA, and no log-only but the log of the script itself.
"""

from importlib.resources import files as resources

from zvon.dns.kit.layout import KitFile, Layout

_TASK = """\
# As administrator, once. The key goes into a file that only SYSTEM and administrators may read.
New-Item -ItemType Directory -Force C:\\ProgramData\\zvon | Out-Null
Copy-Item zvon.ps1 C:\\ProgramData\\zvon
Set-Content C:\\ProgramData\\zvon\\key.txt '@API_KEY@'
icacls C:\\ProgramData\\zvon\\key.txt /inheritance:r /grant 'SYSTEM:R' 'Administrators:R'
$action = New-ScheduledTaskAction -Execute powershell.exe -Argument '-NoProfile -ExecutionPolicy Bypass -File C:\\ProgramData\\zvon\\zvon.ps1 @FLAGS@'
$every = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes 1)
Register-ScheduledTask -TaskName zvon -Action $action -Trigger $every -User SYSTEM -RunLevel Highest
# Back: Unregister-ScheduledTask zvon; powershell -File C:\\ProgramData\\zvon\\zvon.ps1 -Remove
"""


def files(layout: Layout) -> list[KitFile]:
    """The script and the scheduled task that runs it."""
    text = resources("zvon.dns.kit").joinpath("windows.ps1").read_text(encoding="utf-8")
    feeds = ", ".join(f"'{feed}'" for feed in layout.subscriber.feeds)
    text = text.replace("@URL@", layout.url).replace("@FEEDS@", feeds)
    task = _TASK.replace("@FLAGS@", "-LogOnly" if layout.logs_only else "")
    return [
        KitFile("zvon.ps1", text, "keeps the query policies in step with the feeds"),
        KitFile("install.ps1", task, "run once as administrator, your API key in it"),
    ]
