"""Our own small resolver, where no real one is installed; not for production."""

from zvon.dns.kit.layout import KitFile, Layout, shown


def files(layout: Layout) -> list[KitFile]:
    """`proof.toml` for `python -m zvon.dns.proof`."""
    subscriber = layout.subscriber
    zones = ", ".join(f'"{zone.name}"' for zone in layout.zones)
    text = (
        f'primary = "{shown(*layout.primaries[0])}"\nzones = [{zones}]\n'
        f'mode = "{subscriber.mode}"\nkey = "{subscriber.key_name}"\n'
        f'algorithm = "{subscriber.algorithm}"\nsecret = "{layout.secret}"\n'
    )
    return [KitFile("proof.toml", text, "for the built-in proof resolver, not for production")]
