"""What a node has before it serves: identity, lists, and the data policy of its country."""

from datetime import datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.policies import policy_text
from zvon.cli.node import open_settings
from zvon.cli.prepare import prepare
from zvon.cli.serve import policies_fit
from zvon.config import Settings
from zvon.model.data_policy_file import BadPolicy
from zvon.store import data_policy
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read


async def loaded(settings: Settings) -> dict[str, int]:
    async with open_settings(settings, size=1) as context, read(context.pool, SYSTEM) as db:
        return {each.country: each.version for each in await data_policy.newest_versions(db)}


async def test_the_first_start_loads_the_policy_and_the_next_one_leaves_it(
    dsn: str, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(root=tmp_path, country="HR", database=SecretStr(dsn))
    assert (await prepare(settings, dsn, now))["link"]
    assert await loaded(settings) == {"HR": 1}
    await prepare(settings, dsn, now)
    assert await loaded(settings) == {"HR": 1}


async def test_a_country_without_a_policy_does_not_start_and_a_folder_helps(
    dsn: str, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(root=tmp_path, country="AT", database=SecretStr(dsn))
    with pytest.raises(data_policy.NoDataPolicy, match=r"write AT\.toml"):
        await prepare(settings, dsn, now)
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "AT.toml").write_text(policy_text("AT"))
    helped = settings.model_copy(update={"data_policies": folder})
    await prepare(helped, dsn, now)
    assert await loaded(helped) == {"AT": 1}


async def test_a_stored_policy_that_no_longer_fits_stops_every_part(
    dsn: str, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(root=tmp_path, country="SI", database=SecretStr(dsn))
    await prepare(settings, dsn, now)
    async with open_settings(settings, size=1) as context:
        await policies_fit(context)
        async with transaction(context.pool, now) as tx:
            await tx.execute(
                "insert into data_policy values ('SI', 2, 'x', %s, %s)",
                (policy_text("SI", leave_out=("capture",)), now),
            )
        with pytest.raises(BadPolicy, match=r"data policy SI version 2: class: .*capture"):
            await policies_fit(context)
    with pytest.raises(BadPolicy, match="capture"):
        await prepare(settings, dsn, now)
