"""Partners' goods, lots, where goods are brought and sold from: what cannot be is refused by its row and column."""

from __future__ import annotations

import csv

import pytest

from storeline.exchange.importing import import_folder
from storeline.exchange.tests.folders import EXAMPLE, write
from storeline.kernel.api import SYSTEM, run

pytestmark = pytest.mark.django_db(transaction=True)
WRONG = {
    "areas": """place,method,name,country,postal_codes,radius_km,currency,fee,free_from,days,product
US01,deliver,Town,,122|@@,,USD,1,,,000091
US01,deliver,Abroad,,,,EUR,1,,,000091
US01,deliver,Far,,,501,USD,1,0,,000012
US99,ship,Nowhere,,,,USD,1,,61,000091
US01,ship,Right,,12 2|sw1a,,USD,1,,,000091
""",
    "partners": "ref,name,kind,country\nhill-dairy,,,\nfar,日本商店,,Japan\n,Nobody,,\n",
    "agreements": """ref,partner,commission,losses,entities,places,starts_at,ends_at
hill-dairy-corner,hill-dairy,999999999,retailer,,US01,2025-10-01,
a,nobody,10.25,both,us|mars,US99,2025-10-01,2025-09-01
""",
    "owned_goods": """place,product,agreement,currency,value,since
US01,000012,hill-dairy-corner,USD,1,2025-10-31
US02,000012,hill-dairy-corner,JPY,1,2025-09-01
US01,000099,nobody,USD,1.234,
US01,000014,hill-dairy-corner,USD,,2025-10-31
US01,000091,hill-dairy-corner,USD,-1,2199-01-01
""",
    "lots": """place,product,lot,expires_on,quantity
US01,000013,ロット,2025-11-05,1
US01,000013,B1031,2025-11-06,22
US02,000013,X,,1
US01,000012,A,,60
US01,000012,B,,0.001
US01,000020,C,2025-02-30,0
""",
    "recalls": """product,lot,reason,state,started_at,ended_at
000013,ロット,Glass,,2025-11-05,
000013,B1,Glass,gone,2025-11-05,
000013,B2,Glass,closed,2025-11-05,
000013,B3,Glass,open,2199-01-01,2025-11-05
000013,B4,Glass,closed,,2025-11-05
000013,B5, ,,2025-11-05,
000099,B6,Glass,,2025-11-05,
""",
    "slot_rules": "place,method,minutes,capacity,lead_minutes\nUS01,ship,14,-1,-1\nUS01,deliver,1441,99999999999,1.5\n",
    "slot_peaks": """place,method,weekday,from_time,to_time,currency,fee
US01,deliver,0,20:00,17:00,EUR,-1
US02,deliver,8,10:00,24:01,USD,0.001
US99,collect,1,10:60,,USD,1
""",
    "sourcing_groups": "ref,name\nnorth,\n",
    "sourcing_group_places": "in_group,place\nnorth,US01\ndepots,US99\n",
    "sourcing_channels": "channel,from_group,priority\nweb,depots,100\napp,north,0\n",
    "sourcing_policies": """ref,channel,live,visit,most_places,keep_share,parcel_grams
first,app,yes,1,1,100,1000
second,app,yes,1,1,100,1000
many,,no,1,5,12.34,0
""",
    "sourcing_limits": "place,per_hour\nUS01,-1\n",
    "sourcing_closures": "ref,place,starts_at,ends_at,reason\na,US01,2025-01-02,2025-01-01,Flood\nb,US01,2025-01-02,,\n",
}
REFUSED = [
    ("agreements", "2", "commission"),
    ("agreements", "2", "commission"),  # too much, and immutable
    ("agreements", "3", "losses"),
    ("areas", "2", "postal_codes"),
    ("areas", "3", "currency"),
    ("areas", "4", "free_from"),
    ("areas", "4", "product"),
    ("areas", "4", "radius_km"),
    ("areas", "5", "currency"),
    ("areas", "5", "days"),
    ("areas", "5", "place"),
    ("lots", "2", "lot"),
    ("lots", "3", "expires_on"),
    ("lots", "3", "quantity"),
    ("lots", "4", "product"),
    ("lots", "5", "quantity"),
    ("lots", "6", "quantity"),  # with the row before more than is there
    ("lots", "7", "expires_on"),
    ("owned_goods", "2", "product"),
    ("owned_goods", "2", "since"),
    ("owned_goods", "3", "currency"),
    ("owned_goods", "3", "place"),
    ("owned_goods", "3", "since"),
    ("owned_goods", "4", "since"),
    ("owned_goods", "4", "value"),
    ("owned_goods", "5", "value"),
    ("owned_goods", "5", "value"),  # immutable, and required
    ("owned_goods", "6", "value"),
    ("partners", "2", "name"),
    ("partners", "3", "country"),
    ("partners", "4", "ref"),
    ("recalls", "2", "lot"),
    ("recalls", "3", "state"),
    ("recalls", "4", "ended_at"),
    ("recalls", "5", "ended_at"),
    ("recalls", "5", "ended_at"),  # open, and before it started
    ("recalls", "5", "started_at"),
    ("recalls", "6", "started_at"),
    ("recalls", "7", "reason"),
    ("recalls", "8", "product"),
    ("slot_peaks", "2", "fee"),
    ("slot_peaks", "3", "fee"),
    ("slot_peaks", "4", "from_time"),
    ("slot_peaks", "4", "to_time"),
    ("slot_rules", "2", "method"),
    ("slot_rules", "3", "capacity"),
    ("slot_rules", "3", "lead_minutes"),
    ("sourcing_channels", "2", "priority"),
    ("sourcing_channels", "3", "from_group"),
    ("sourcing_closures", "2", "ends_at"),
    ("sourcing_closures", "3", "reason"),
    ("sourcing_group_places", "2", "in_group"),
    ("sourcing_group_places", "3", "place"),
    ("sourcing_groups", "2", "name"),
    ("sourcing_limits", "2", "per_hour"),
    ("sourcing_policies", "3", "live"),
    ("sourcing_policies", "4", "keep_share"),
    ("sourcing_policies", "4", "most_places"),
    ("sourcing_policies", "4", "parcel_grams"),
]


def counts() -> list[int]:
    owned = ("partners_organisation", "partners_agreement", "stock_ownership", "stock_lot", "capacity_rule")
    tables = ("capacity_area", "sourcing_group", "sourcing_member", "sourcing_channel", "sourcing_policy")
    return [
        run(f"SELECT count(*) FROM {name}").fetchall()[0][0]
        for name in (*tables, "sourcing_site", "sourcing_closure", *owned)
    ]


def test_each_bad_row_is_told_and_the_good_ones_are_taken(tmp_path):
    assert import_folder(EXAMPLE, actor=SYSTEM).errors == 0
    before = counts()
    folder = write(tmp_path / "wrong", WRONG)
    errors = tmp_path / "errors.csv"
    dry = import_folder(folder, actor=SYSTEM, dry_run=True)
    assert counts() == before
    taken = import_folder(folder, actor=SYSTEM, errors=errors)
    with errors.open() as file:
        assert sorted((row["file"], row["row"], row["column"]) for row in csv.DictReader(file)) == REFUSED
    assert dry.errors == taken.errors == len(REFUSED)
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert run("SELECT postal_codes FROM capacity_area WHERE name = 'Right'").fetchall() == [(["122", "SW1A"],)]


def test_a_live_policy_of_a_file_takes_the_place_of_its_channels(tmp_path):
    import_folder(EXAMPLE, actor=SYSTEM)
    folder = write(tmp_path / "other", {"sourcing_policies": "ref,live,split\nother,yes,90\n"})
    report = import_folder(folder, actor=SYSTEM)
    assert report.files["sourcing_policies"].inserted == 1
    sql = "SELECT ref, live, split FROM sourcing_policy WHERE channel IS NULL ORDER BY ref"
    assert run(sql).fetchall() == [("other", True, 90_000), ("standard", False, 60_000)]
