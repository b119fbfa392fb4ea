"""`zvon alerts check`: whether every alert that a node accepted is counted, once."""

import json as json_module

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call

DONE, NOT_EQUAL = 0, 1


def check(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> int:
    """Compare the alerts that the node accepted with the sum of all its groups.

    Exit code 1 when they differ. The key needs the permission job:read.
    """
    said = call(node, key, "GET", "/alert-sums")
    if json:
        print(json_module.dumps(said))
        return DONE if said["equal"] else NOT_EQUAL
    print(
        f"{said['accepted']:,} alerts accepted, {said['counted']:,} counted in {said['groups']:,} groups"
    )
    print(f"{said['stored']:,} of them are stored, {said['gone']:,} had their time")
    if said["waiting"]:
        print(f"{said['waiting']:,} alerts are not counted yet")
    print("every alert is counted once" if said["equal"] else "THE SUMS DIFFER")
    return DONE if said["equal"] else NOT_EQUAL
