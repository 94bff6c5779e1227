"""Which picture stands for a product or a category that has none of its own: by the words of its category's path.

The words are those of grocers' category names, in English as most catalogues have them as refs; the first
rule with a match wins, so that what is particular stands above what is general.
"""

from __future__ import annotations

import re
from functools import lru_cache

_RULES: tuple[tuple[str, str], ...] = (
    # what is not what its words say
    ("baby ?food|infant formula|babyfood", "baby-bottle"),
    ("diaper|infant care|baby", "baby"),
    ("cat litter|cat food", "cat-face"),
    ("dog food", "dog-face"),
    ("bird seed", "bird"),
    ("pet care", "paw-prints"),
    ("hot dog", "hot-dog"),
    ("candy|confection|sweets? ?bag", "candy"),
    ("ice cream|sherbe?t|novelt", "ice-cream"),
    ("fr[oz]e?z?n ice|frzn ice|\\bice\\b", "ice"),
    ("frozen pizza|pizza", "pizza"),
    ("fr(o)?z(e)?n.*potato|french fr", "french-fries"),
    ("fr(o)?z(e)?n.*(chicken)", "poultry-leg"),
    ("fr(o)?z(e)?n.*(bread|dough)|refrgratd dough|dough", "croissant"),
    ("fr(o)?z(e)?n.*(pie|dessert)", "pie"),
    ("fr(o)?z(e)?n.*(veg)", "pea-pod"),
    ("fr(o)?z(e)?n.*(fruit)", "blueberries"),
    ("fr(o)?z(e)?n.*(jce|juice)", "beverage-box"),
    ("fr(o)?z(e)?n.*breakfast", "waffle"),
    ("seafood|shrimp|shellfish", "shrimp"),
    ("fish", "fish"),
    ("sushi", "sushi"),
    ("fr(o)?z(e)?n.*meat|heat.?serve|dinner", "pot-of-food"),
    ("frozen|frzn", "snowflake"),
    ("bottle deposit", "recycling-symbol"),
    ("coupon|tickets|gift card|calling card", "ticket"),
    ("party tray", "bento-box"),
    ("breakfast sausage|sausage|lunchmeat|deli meat", "bacon"),
    ("bacon|smoked meat", "bacon"),
    ("juice", "beverage-box"),
    # the greengrocer's
    ("pickle|relish", "cucumber"),
    ("dry bn|dry bean", "beans"),
    ("rice cake", "rice-cracker"),
    ("mushroom", "brown-mushroom"),
    ("herb", "herb"),
    ("sweet potato", "roasted-sweet-potato"),
    ("broccoli|cauliflower", "broccoli"),
    ("coconut", "coconut"),
    ("snack nut|\\bnuts?\\b|peanut", "peanuts"),
    ("pnt btr|peanut butter|jelly|jam", "jar"),
    ("melon", "watermelon"),
    ("onion", "onion"),
    ("garlic", "garlic"),
    ("salad bar|salads?/dips|salad mix|vegetables salad|salad", "green-salad"),
    ("carrot", "carrot"),
    ("popcorn", "popcorn"),
    ("\\bcorn\\b", "ear-of-corn"),
    ("tomato", "tomato"),
    ("hot pepper|chil[il]", "hot-pepper"),
    ("peppers?", "bell-pepper"),
    ("stone fruit|peach", "peach"),
    ("\\bpears?\\b", "pear"),
    ("grape", "grapes"),
    ("citrus|orange", "tangerine"),
    ("tropical|pineapple", "pineapple"),
    ("banana", "banana"),
    ("berr(y|ies)", "strawberry"),
    ("apple", "red-apple"),
    ("squash|cucumber", "cucumber"),
    ("dried fruit", "grapes"),
    ("fruit.*shelf|value added fruit|fruit basket", "pineapple"),
    ("organics? fruit|produce", "red-apple"),
    ("blends?", "green-salad"),
    ("dips?\\b", "jar"),
    ("pumpkin", "jack-o-lantern"),
    ("pistachio|almond|cashew", "peanuts"),
    ("cut fruit", "pineapple"),
    ("vegetables?.*shelf|canned", "canned-food"),
    ("veg", "leafy-green"),
    ("potato", "potato"),
    ("beans?", "beans"),
    ("rice", "cooked-rice"),
    # dairy and eggs
    ("egg", "egg"),
    ("yogh?urt|milk by|pudding", "custard"),
    ("cheese", "cheese-wedge"),
    ("butter|margarine", "butter"),
    ("canned milk|non.?dairy|milk|dairy", "glass-of-milk"),
    # meat
    ("turkey", "turkey"),
    ("chicken|poultry|fowl", "poultry-leg"),
    ("beef|veal|steak", "cut-of-meat"),
    ("pork|ham\\b", "meat-on-bone"),
    ("lamb", "ewe"),
    ("meat", "cut-of-meat"),
    # bakery
    ("cookie|cones", "cookie"),
    ("cake|party sheet", "birthday-cake"),
    ("donut|doughnut|sweet goods|breakfast sweets", "doughnut"),
    ("\\bpies?\\b|pastry", "pie"),
    ("roll|bun\\b|bagel", "bagel"),
    ("baguette|french bread", "baguette-bread"),
    ("bread", "bread"),
    ("pancake|molasses|syrup", "pancakes"),
    ("cracker|pretzel", "pretzel"),
    ("baking|flour|meals", "sheaf-of-rice"),
    # cupboard
    ("cereal|convenient br", "bowl-with-spoon"),
    ("pasta sauce|condiment|sauce|gravy|salsa|ketchup|dressing|sald drsng|relish|pickle", "jar"),
    ("olive", "olive"),
    ("pasta|noodle|spaghetti", "spaghetti"),
    ("soup", "steaming-bowl"),
    ("hispanic|taco|tortilla", "taco"),
    ("spice|extract", "salt"),
    ("shortening|\\boil\\b", "olive"),
    ("sugar|sweetner|honey", "honey-pot"),
    ("topping|dessert|mix", "shortcake"),
    ("snack|chips", "french-fries"),
    ("sandwich", "sandwich"),
    ("prepared|deli|specialt|chef|restaurant|quick service", "takeout-box"),
    # drinks
    ("wine", "wine-glass"),
    ("beer|ale\\b|ales\\b", "beer-mug"),
    ("liquor|spirit", "tumbler-glass"),
    ("soft drink|isotonic|new age|pwdr|drink mix", "cup-with-straw"),
    ("cocoa|chocolate", "chocolate-bar"),
    ("coffee filter|coffee|espresso", "hot-beverage"),
    ("tea\\b|teas\\b", "teacup-without-handle"),
    ("water", "droplet"),
    ("beverage|drnk|drink", "tropical-drink"),
    # health and beauty
    ("oral hygiene|tooth", "toothbrush"),
    ("hair care acc|hair", "hair-pick"),
    ("shav", "razor"),
    ("soap|bath\\b|hand/body|skin|deodorant|suntan|ethnic personal|lotion", "lotion-bottle"),
    ("makeup|cosmetic", "lipstick"),
    ("fragrance", "sparkles"),
    ("vitamin|dietary|diet|fitness|nutrition", "pill"),
    ("analgesic|cold and flu|allerg|antacid|laxative|pharmacy|smoking cess|health care", "pill"),
    ("first aid", "adhesive-bandage"),
    ("feminine|incontinence|family planning", "womens-room"),
    ("eye and ear|glasses|vision", "glasses"),
    ("foot care", "foot"),
    # home
    ("bath tiss|paper towel|facial tiss|napkin|tissue", "roll-of-paper"),
    ("laundry|detergent|bleach|iron", "bubbles"),
    ("household clean|clean", "sponge"),
    ("broom|mop", "broom"),
    ("air care|candle", "candle"),
    ("fd wraps|wrap|bags|trash|foil", "wastebasket"),
    ("paper houseware|glassware|dinnerware|plastic houseware", "fork-and-knife-with-plate"),
    ("cookware|bakeware|kitchen|houseware|freezing", "shallow-pan-of-food"),
    ("electric|plumb|appliance|light", "light-bulb"),
    ("batter", "battery"),
    ("hardware|automotive|propane", "toolbox"),
    ("insect", "bug"),
    ("lawn|garden", "seedling"),
    ("foliage|plant", "potted-plant"),
    ("rose", "rose"),
    ("balloon", "balloon"),
    ("floral|flower|lily|bouquet", "bouquet"),
    ("charcoal|grill", "fire"),
    ("furnish|domestic", "couch-and-lamp"),
    ("fuel|gasoline", "fuel-pump"),
    # the rest of a hypermarket
    ("magazine|book|newspaper", "newspaper"),
    ("stationer|school", "pencil"),
    ("greeting|gift|party", "wrapped-gift"),
    ("toy|game", "teddy-bear"),
    ("sport", "soccer-ball"),
    ("film|camera|photo", "camera"),
    ("audio|video", "headphone"),
    ("wireless|phone", "mobile-phone"),
    ("watch|calculator", "watch"),
    ("apparel|cloth", "t-shirt"),
    ("hosiery|sock", "socks"),
    ("shoe", "running-shoe"),
    ("sewing", "thread"),
    ("cigar|tobacco", "cigarette"),
    ("firework", "sparkler"),
    ("easter", "rabbit-face"),
    ("halloween", "jack-o-lantern"),
    ("christmas", "christmas-tree"),
    ("valentine", "red-heart"),
    ("spring|summer|season", "sun"),
    ("fall|winter", "fallen-leaf"),
    ("travel|leisure", "luggage"),
    ("grocer", "canned-food"),
    ("drug|health|beauty", "lotion-bottle"),
)
_COMPILED = tuple((re.compile(words), picture) for words, picture in _RULES)
OTHER = "shopping-bags"
ALSO = ("bar-chart", "convenience-store", "package", "receipt", "shopping-cart", "waving-hand")
"""Pictures that pages name themselves."""
PICTURES = tuple(sorted({picture for _, picture in _RULES} | {OTHER, *ALSO}))
_NAMED = frozenset(PICTURES)


@lru_cache(maxsize=4096)
def picture_for(*words: str) -> str:
    """The picture's name for a category's path or name, most particular first: the first of `words` that says anything.

    A picture's own name is itself, and a product called by one word, bananas, is shown as that.
    """
    for word in words:
        single = word.partition(",")[0].strip().lower()
        if (named := {single, single.removesuffix("s"), single.removesuffix("es")} & _NAMED) and " " not in single:
            return named.pop()
    for word in words:
        if found := word if word in _NAMED else _ruled(word):
            return found
    return OTHER


@lru_cache(maxsize=4096)
def _ruled(word: str) -> str:
    """What the first rule says that it meets; a category's name is asked about for each of its products."""
    low = word.lower()
    return next((picture for pattern, picture in _COMPILED if pattern.search(low)), "")
