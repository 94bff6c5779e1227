"""Folders to import: the worked example, and rows that fill what it leaves empty."""

from __future__ import annotations

from pathlib import Path

from storeline.kernel.api import CHECKS

EXAMPLE = Path(__file__).parents[4] / "examples/small"
RICH = {
    "entities": """ref,name,country,currency,tax_regime,tax_included,zone,tax_number,gln,receipt_series
fr,Épicerie du Coin,FR,EUR,fr-tva,yes,Europe/Paris,FR40303265045,4006381333931,FR
""",
    "places": """ref,entity,name,format,zone,country,region,city,postal_code,address,latitude,longitude,gln,phone,price_zone,tax_region,capabilities,opens_on,closes_on,keeps
FR01,fr,Été,pop_up,Europe/Paris,FR,Occitanie,Sète,34200,"1, quai",43.4,-0.00005,7612345000008,+33400000000,south,OCC,sell|collect,2025-06-01,2026-09-01,ambient|chilled
""",
    "products": """ref,name,description,description_fr,category,brand,manufacturer,unit,by_weight,catch_weight,temperature,shelf_life_days,allergens,gtins,tax_class,deposit_product,content_quantity,content_unit,pictures,service,till_only,age_limit,status
000077,Cider,Dry,Brut,food,Pomme,Cidrerie,each,no,no,ambient,400,sulphites,96385081|4006381333948,standard,000090,0.75,l,https://example.com/c.jpg © somebody|/c2.jpg,no,yes,18,ended
""",
    "listings": "place,product,starts_on,ends_on\nFR01,000077,2025-06-01,2025-09-01\nFR01,000020,,\n",
    "tax_rates": "regime,tax_class,region,valid_from,rate,included\nfr-tva,standard,OCC,2020-01-01,20,yes\n",
    "prices": """product,place,zone,channel,member,currency,valid_from,valid_to,amount,per
000020,,south,online,yes,EUR,2025-01-01,2026-01-01,2.299125,3
""",
    "costs": "product,entity,currency,valid_from,amount,per\n000020,us,USD,2025-01-01,1.666667,3\n000077,fr,EUR,2025-06-01,1.10,1\n",
    "promotions": """ref,name,name_fr,kind,value,per,n,currency,members_only,channels,weekdays,from_time,to_time,starts_at,ends_at,funder,priority,stackable,exclusive,max_uses,status,everything,everywhere
happy,Happy hour,Heure heureuse,fixed_price,1.2345,2,,EUR,yes,store|online,5|6,17:30,02:00,2025-06-01,2025-09-01,partner,7,no,yes,3,draft,,
nothing,Listed nothing,,percentage,12.5,,,,no,,,,,2025-06-01,,retailer,0,yes,no,,cancelled,no,no
""",
    "promotion_items": "promotion,product,category,place,value,per\nhappy,000020,,FR01,1.10,2\nhappy,,dairy,,,\n",
    "promotion_places": "promotion,place\nhappy,FR01\n",
    "coupons": """ref,name,name_fr,kind,value,per,currency,funder,valid_from,valid_to,min_spend,max_uses,max_uses_per_customer,stackable,everything
SUMMER,Summer,Été,fixed_price,0.99,0.5,EUR,partner,2025-06-01,2027-01-01,10.00,100,1,no,no
COLA50,Half a dollar off cola,,amount,0.50,,USD,manufacturer,2025-06-01,2027-01-01,,100,5,yes,
""",
    "coupon_products": "coupon,product,category\nSUMMER,,dairy\nCOLA50,000020,\n",
    "customers": "ref,kind,name,language,country,joined_at\nfr-1,guest,Zoé,fr,FR,2025-06-01\n",
    "contact_points": "customer,kind,value,verified_at,preferred\nfr-1,postal,1 quai,2025-06-02,yes\n",
    "cards": "number,customer,issued_at,blocked_at\n7777,fr-1,2025-06-01,\n",
    "purposes": "code,label,basis,data,recipients,valid_days\nmarketing_sms,SMS,consent,phone,Nous,365\n",
    "merges": "customer,at,survivor,reason,undone_at\nfr-1,2025-06-03,0000000042,Mistaken,2025-06-04\n",
    "consents": """customer,purpose,at,granted,text,text_version,language,source
fr-1,marketing_sms,2025-06-01,yes,Des offres par SMS,v2,fr,boutique
""",
    "stock": "place,product,as_of,quantity,lot\nFR01,000020,2025-06-01,-2.5,L1\n",
    "stock_policies": "place,product,channel,quantity\n,000020,,4\nFR01,000020,,2.5\nFR01,000020,online,1\n",
    "partners": "ref,name,kind,country\npomme,La Pomme,marque,FR\n",
    "agreements": """ref,partner,commission,losses,entities,places,starts_at,ends_at
coin,pomme,12.5,retailer,fr,FR01,2025-05-01,2035-06-01
partout,pomme,30,partner,,,2025-06-01,
""",
    "owned_goods": """place,product,agreement,currency,value,since
FR01,000020,coin,EUR,0.80,2025-06-01
KW01,000014,partout,KWD,0.125,2025-07-01
JP01,000014,partout,JPY,120,2025-07-01
""",
    "lots": "place,product,lot,expires_on,quantity\nUS02,000020,C7,,144\n",
    "recalls": """product,lot,reason,state,started_at,ended_at
000020,C7,"Du verre, peut-être",open,2025-06-03,
000077,L2,Allergène non déclaré,closed,2025-06-01,2025-06-02
""",
    "slot_rules": "place,method,minutes,capacity,lead_minutes\nFR01,collect,30,9,45\nKW01,collect,,,0\nJP01,collect,,0,\n",
    "slot_peaks": """place,method,weekday,from_time,to_time,currency,fee
FR01,collect,6,09:30,24:00,EUR,0.50
KW01,collect,6,00:00,06:30,KWD,0.250
JP01,collect,7,09:00,10:00,JPY,50
""",
    "areas": """place,method,name,country,postal_codes,radius_km,currency,fee,free_from,days,product
FR01,deliver,Ville,FR,342|341 10,7.25,EUR,4.90,60.00,0,000091
FR01,ship,France,,,,EUR,6.5,,2,000091
KW01,deliver,السالمية,,٢٢|20 1,0.00001,KWD,1.125,10.500,0,000091
JP01,ship,全国,JP,〒220|日本,,JPY,500,3000,3,000091
""",
    "sourcing_groups": "ref,name\nsud,Le Sud\n",
    "sourcing_group_places": "in_group,place\nsud,FR01\n",
    "sourcing_channels": "channel,from_group,priority\nonline,sud,2\n",
    "sourcing_policies": """ref,channel,live,visit,line,parcel,parcel_km,kg,split,parcel_grams,most_places,keep_share,waste_share,reach_km,margin_share,fee_collect,fee_point,point_hours
sud,online,yes,99.5,20,300,0.625,30,90,15000,2,80,62.5,300,27.5,0,295,24
""",
    "sourcing_limits": "place,per_hour,visit,line\nFR01,12,120.25,18\n",
    "sourcing_closures": "ref,place,channel,starts_at,ends_at,reason\nfete,FR01,online,2025-07-14T00:00,2025-07-15T00:00,Fête\n",
    "orders": """ref,place,served_by,channel,till,method,customer,ordered_at,completed_at,currency,status,reason,tax_included,total
FR-1,FR01,US02,online,T1,deliver,fr-1,2025-06-05T10:00,2025-06-06T09:00,EUR,completed,,yes,10.00
FR-2,FR01,,store,T1,,,2025-06-05T11:00,,EUR,cancelled,Changed their mind,,
""",
    "order_lines": """order,line,product,quantity,amount,gross,tax,tax_rate
FR-1,1,000077,2,10.00,12.00,1.67,20
FR-2,1,000020,1,1.00,,,
""",
    "line_discounts": "order,line,seq,kind,funder,amount,promotion,coupon,label\nFR-1,1,1,promotion,retailer,2.00,happy,,Deux euros\n",
    "payments": "order,seq,tender,amount,currency,reference\nFR-1,1,card,10.00,EUR,ok 1\n",
    "receipts": "order,series,number,issued_at\nFR-1,FR-A,7,2025-06-05T10:01\n",
    "coupon_redemptions": "ref,coupon,customer,order,redeemed_at,amount,currency\nFRR,SUMMER,fr-1,FR-1,2025-06-05T10:00,0.10,EUR\n",
    "returns": """ref,order,original_reference,place,channel,customer,returned_at,currency,tax_included,reason,total
FR-R,FR-1,seen,FR01,online,fr-1,2025-06-07T10:00,EUR,yes,Flat,5.00
""",
    "return_lines": """return,line,order_line,product,quantity,amount,funded,tax,tax_rate,restock,reason
FR-R,1,1,000077,1,5.00,0,0.83,20,no,No bubbles
""",
    "refunds": "return,seq,tender,amount,currency,reference\nFR-R,1,card,5.00,EUR,ok 2\n",
    "return_receipts": "return,series,number,issued_at\nFR-R,FR-A,8,2025-06-07T10:01\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def unbalanced() -> list[str]:
    """The checks that found a difference."""
    return [name for name, check in CHECKS.items() if not check.run().ok]
