"""Readable words from the data set's upper-case abbreviations, and contents from its package sizes."""

from __future__ import annotations

import re
from decimal import Decimal

# Abbreviations seen in the data set's product types and categories.
_WORDS = {
    "ACC": "Accessories", "ADDITI": "Additives", "ANTIPERSPIRANTS": "Antiperspirants", "APPL": "Apple",
    "ASST": "Assorted", "BEV": "Beverage", "BKFST": "Breakfast", "BNLS": "Boneless", "BRD": "Bread", "BTL": "Bottle",
    "CAN": "Can", "CARB": "Carbonated", "CATFD": "Cat Food", "CHIX": "Chicken", "CHOC": "Chocolate", "CHS": "Cheese",
    "CLEANG": "Cleaning", "CNTRL": "Control", "CNTR": "Counter", "COMBIN": "Combination", "CONT": "Container",
    "CONTAINR": "Container", "CRTS": "Carrots", "DECOR": "Decoration", "DOGFD": "Dog Food", "DRNK": "Drink",
    "DRNKS": "Drinks", "DSH": "Dish", "DSPL": "Disposable", "ENH": "Enhanced", "ETC": "etc.", "EX": "except",
    "EXCP": "except", "EXT": "Extract", "FD": "Food", "FLVRD": "Flavoured", "FRE": "Fresh", "FRSH": "Fresh",
    "FRT": "Fruit", "FRZ": "Frozen", "FRZN": "Frozen", "FS": "French Style", "GDS": "Goods", "GM": "General Goods",
    "GRN": "Green", "GRND": "Ground", "GV": "Gravy", "HBC": "Health and Beauty", "HISP": "Hispanic",
    "HOUSEHLD": "Household", "IQF": "Quick Frozen", "JCE": "Juice", "JHOOK": "Hook", "LNCH": "Lunch", "LT": "Light",
    "MEATS": "Meats", "MISC": "Miscellaneous", "MLT": "Multi", "MLTPK": "Multipack", "MRGRN": "Margarine",
    "MX": "Mix", "NAT": "Natural", "NF": "Non-Fat", "ORG": "Organic", "OT": "Other", "PASTY": "Pastry",
    "PCKGD": "Packaged", "PERSNL": "Personal", "PK": "Pack", "PKG": "Packaged", "PKGD": "Packaged",
    "PREM": "Premium", "PREP": "Prepared", "PROD": "Products", "PRODS": "Products", "PTTY": "Patty",
    "PWDR": "Powder", "REFRGRATD": "Refrigerated", "REFRIG": "Refrigerated", "REG": "Regular", "RTE": "Ready to Eat",
    "SFT": "Soft", "SGL": "Single", "SHLF": "Shelf", "SKNLS": "Skinless", "SLD": "Salad", "SND": "Sand",
    "SNGL": "Single", "SNKS": "Snacks", "SPLY": "Supplies", "SRV": "Serve", "STBL": "Stable", "SUP": "Super",
    "SUPP": "Supplies", "SW": "Sweet", "SWT": "Sweet", "TRAD": "Traditional", "UNSWT": "Unsweetened",
    "VEG": "Vegetable", "W": "with", "WHL": "Whole", "WHT": "White", "WT": "Weight", "XL": "XL", "YGRT": "Yogurt",
}  # fmt: skip
_WORDS |= {
    "BG": "Bags", "BKD": "Baked", "BN": "Bean", "BRKFST": "Breakfast", "BTR": "Butter", "CKYS": "Cookies", "CNDY": "Candy",
    "COCO": "Cocoa", "CONC": "Concentrate", "CRKR": "Crackers", "CRYSTL": "Crystal", "DISPOSIBLE": "Disposable", "DNR": "Dinner",
    "DRSNG": "Dressing", "ELECT": "Electrical", "MEMORABLILIA": "Memorabilia", "MERCH": "Merchandise", "MFG": "Manufacturer",
    "MIXS": "Mixes", "MW": "Microwave", "MXS": "Mixes", "NDAIRY": "Non-Dairy", "PKLD": "Pickled", "PNT": "Peanut", "SALD": "Salad",
    "SHERBTS": "Sherbets", "SNDWCH": "Sandwich", "SOD": "Soda", "SPRD": "Spread", "SUPPPLIES": "Supplies", "SWEETNERS": "Sweeteners",
    "TISS": "Tissues", "TRSH": "Trash", "WHLSM": "Wholesome", "WHS": "Warehouse", "WTR": "Water",
}  # fmt: skip
DEPARTMENTS = {
    "AUTOMOTIVE": ("Car care", "汽车用品", "Auto", "Automóvil"),
    "CHARITABLE CONT": ("Donations", "慈善捐款", "Dons", "Donativos"),
    "CHEF SHOPPE": ("Chef's dishes", "主厨菜肴", "Plats du chef", "Platos del chef"),
    "CNTRL/STORE SUP": ("Store supplies", "门店耗材", "Fournitures du magasin", "Material de tienda"),
    "COSMETICS": ("Cosmetics", "化妆品", "Cosmétiques", "Cosmética"),
    "COUPON": ("Coupons", "优惠券", "Bons de réduction", "Cupones"),
    "DELI": ("Deli", "熟食", "Charcuterie et traiteur", "Charcutería"),
    "DRUG GM": ("Drugstore and household", "日化与家居", "Droguerie et maison", "Droguería y hogar"),
    "ELECT &PLUMBING": (
        "Electrical and plumbing",
        "电工与水暖",
        "Électricité et plomberie",
        "Electricidad y fontanería",
    ),
    "FLORAL": ("Flowers", "鲜花", "Fleurs", "Flores"),
    "FROZEN GROCERY": ("Frozen food", "冷冻食品", "Surgelés", "Congelados"),
    "FUEL": ("Fuel", "燃油", "Carburant", "Combustible"),
    "GARDEN CENTER": ("Garden", "园艺", "Jardin", "Jardín"),
    "GM MERCH EXP": ("General merchandise", "百货", "Bazar", "Bazar"),
    "GROCERY": ("Groceries", "食品杂货", "Épicerie", "Alimentación"),
    "HOUSEWARES": ("Housewares", "家居用品", "Articles ménagers", "Menaje"),
    "MEAT": ("Meat", "鲜肉", "Boucherie", "Carnicería"),
    "MEAT-PCKGD": ("Packaged meat", "包装肉品", "Viandes emballées", "Carne envasada"),
    "MISCELLANEOUS": ("Miscellaneous", "其他", "Divers", "Varios"),
    "NUTRITION": ("Health food", "健康食品", "Diététique", "Dietética"),
    "PASTRY": ("Bakery", "面包糕点", "Boulangerie et pâtisserie", "Panadería y pastelería"),
    "PHOTO & VIDEO": ("Photo and video", "影像", "Photo et vidéo", "Foto y vídeo"),
    "POSTAL CENTER": ("Post office", "邮政服务", "Poste", "Correos"),
    "PROD-WHS SALES": (
        "Fruit and vegetables, wholesale",
        "果蔬批发",
        "Fruits et légumes en gros",
        "Frutas y verduras al por mayor",
    ),
    "PRODUCE": ("Fruit and vegetables", "水果蔬菜", "Fruits et légumes", "Frutas y verduras"),
    "RESTAURANT": ("Restaurant", "餐厅", "Restaurant", "Restaurante"),
    "SALAD BAR": ("Salad bar", "沙拉吧", "Bar à salades", "Bufé de ensaladas"),
    "SEAFOOD": ("Fish and seafood", "海鲜", "Poissonnerie", "Pescadería"),
    "SEAFOOD-PCKGD": (
        "Packaged fish and seafood",
        "包装海鲜",
        "Poissons et fruits de mer emballés",
        "Pescado y marisco envasados",
    ),
    "SPIRITS": ("Wine and spirits", "酒类", "Vins et spiritueux", "Vinos y licores"),
    "TOYS": ("Toys", "玩具", "Jouets", "Juguetes"),
    "TRAVEL & LEISURE": ("Travel and leisure", "旅行与休闲", "Voyages et loisirs", "Viajes y ocio"),
    "unknown": (
        "Not in the product list",
        "不在商品清单中",
        "Hors de la liste des produits",
        "Fuera de la lista de productos",
    ),
}
"""What a shopper calls each department: in English, Chinese, French, Spanish."""
_SMALL = {"AND", "OF", "THE", "TO", "FOR", "OR", "IN", "ON", "NOT"}
_WORD = re.compile(r"[A-Z][A-Z']*")
_SIZE = re.compile(
    r"(?:(?P<packs>\d+) ?(?:PK|CT)[/ ])?(?P<number>\d*\.?\d+) ?(?P<unit>FL OZ|OZ|LB|ML|L|GAL|GA|QT|PT|CT|DZ)\b.*"
)
_HALF = re.compile(r"1/2 (?P<unit>GAL|PT)")
_CONTENT = {
    "FL OZ": ("fl_oz", 1), "OZ": ("oz", 1), "LB": ("lb", 1), "ML": ("ml", 1), "L": ("l", 1), "GAL": ("gal", 1),
    "GA": ("gal", 1), "QT": ("fl_oz", 32), "PT": ("fl_oz", 16), "CT": ("each", 1), "DZ": ("each", 12),
}  # fmt: skip
_PRETTY_UNIT = {"L": "L", "ML": "ml", "PK": "pack", "CT": "ct"}


def words(text: str) -> str:
    """``SFT DRNK MLT-PK BTL CARB (EXCP`` becomes ``Soft Drink Multi-Pack Bottle Carbonated``."""
    if text.count("(") > text.count(")"):
        text = text[: text.rindex("(")]
    text = re.sub(r"\s*([:/,&])\s*", lambda match: _SPACED[match[1]], text.strip(" -/:"))
    text = _WORD.sub(_word, text.upper())
    text = re.sub(r"\s+", " ", text).strip(" -/:,")
    return text[:1].upper() + text[1:]


_SPACED = {":": ": ", "/": "/", ",": ", ", "&": " & "}


def _word(match: re.Match[str]) -> str:
    word = match[0]
    if word in _SMALL:
        return word.lower()
    return _WORDS.get(word) or word.capitalize()


def size(text: str | None) -> str:
    """``4 PK/4.4 OZ`` becomes ``4 pack/4.4 oz``; what is not a size becomes empty."""
    if text is None or not re.match(r"\.?\d", text.strip()):
        return ""
    text = re.sub(r"\s+", " ", text.strip()).lower()
    text = re.sub(r"^\.", "0.", text)
    return re.sub(r"[a-z]+", lambda match: _PRETTY_UNIT.get(match[0].upper(), match[0]), text)


def content(text: str | None) -> tuple[Decimal, str] | None:
    """How much a package holds, as a number and a unit of the import format; None where the text does not say."""
    text = re.sub(r"\s+", " ", (text or "").strip())
    if half := _HALF.fullmatch(text):
        unit, times = _CONTENT[half["unit"]]
        return Decimal(times) / 2, unit
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    unit, times = _CONTENT[match["unit"]]
    quantity = Decimal(match["number"]) * times * int(match["packs"] or 1)
    quantity = quantity.quantize(Decimal("0.001"))
    return (quantity, unit) if 0 < quantity < 100_000 else None  # noqa: PLR2004 (no package holds more)
