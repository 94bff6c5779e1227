"""Tell whoever bought of a recalled lot, once, in their language: do not eat it, bring it back for the money.

The rows of `aftersales_recall_notice` are what makes it once: each affected order has one, told or not. Whoever tells
holds the recall's lock of this module, so that a person with two orders gets one message.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.utils.translation import get_supported_language_variant, override

from storeline.aftersales.domain.reach import Reach, Reached, reach
from storeline.aftersales.queries import REACH
from storeline.catalog import api as catalog
from storeline.customers import api as customers
from storeline.kernel.api import ids_array, now, run, texts_array, transaction
from storeline.messages import api as messages
from storeline.stock import api as stock
from storeline.web import formats

AT_ONCE = 500
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('aftersales.recall ' || %s, 0))"
_NEW = """
SELECT DISTINCT m.source_id FROM stock_lot_move m
WHERE m.product_id = %s AND m.lot = %s AND m.kind = 'sale' AND NOT EXISTS (
    SELECT FROM aftersales_recall_notice n WHERE n.recall_id = %s AND n.order_id = m.source_id
) AND EXISTS (SELECT FROM orders_order o WHERE o.id = m.source_id)
ORDER BY m.source_id LIMIT %s
"""
_WRITE = """
INSERT INTO aftersales_recall_notice (recall_id, order_id, state, how, at)
SELECT %s, w.order_id, CASE w.how WHEN '' THEN 'cannot' ELSE 'told' END, w.how, %s
FROM unnest(%s::uuid[], %s::text[]) AS w(order_id, how)
"""
_TOLD = """
SELECT DISTINCT o.customer_id FROM aftersales_recall_notice n JOIN orders_order o ON o.id = n.order_id
WHERE n.recall_id = %s AND n.state = 'told' AND n.how = 'member' AND o.customer_id IS NOT NULL
"""

RECALLED = "aftersales.recalled"
messages.register_template(
    RECALLED,
    {
        "en": (
            "Recalled: {product}, lot {lot}",
            "We recall {product}, lot {lot}. You bought it at {place} on {day}. Do not eat or use it, and give it to nobody. Bring it to any of our shops: you get your money back. Why: {reason}",
        ),
        "zh-Hans": (
            "召回通知：{product}，批次 {lot}",
            "我们正在召回“{product}”（批次 {lot}）。您于 {day} 在“{place}”购买了该商品。请勿食用、使用或转送他人，带到我们任意一家门店即可退款。召回原因：{reason}",
        ),
        "fr": (
            "Produit rappelé : {product}, lot {lot}",
            "Nous rappelons {product}, lot {lot}. Vous l’avez acheté chez {place} le {day}. Ne le consommez pas, ne l’utilisez pas et ne le donnez à personne. Rapportez-le dans l’un de nos magasins : nous vous remboursons. Motif : {reason}",
        ),
        "es": (
            "Producto retirado: {product}, lote {lot}",
            "Retiramos {product}, lote {lot}. Lo compró en {place} el {day}. No lo consuma, no lo use ni se lo dé a nadie. Llévelo a cualquiera de nuestras tiendas: le devolvemos el dinero. Motivo: {reason}",
        ),
    },
)


def tell_affected(recall_id: UUID) -> int:
    """Tell who has not been told yet, of a recall that is open; how many orders were marked, told or not."""
    total = 0
    while marked := _tell_some(recall_id):
        total += marked
    return total


def tell_open() -> int:
    """The same of every recall that is open: orders may be found later than it started."""
    found = stock.list_recalls(state=stock.RecallState.OPEN, limit=1_000)
    return sum(tell_affected(one.id) for one in found)


def _tell_some(recall_id: UUID) -> int:
    with transaction():
        run(_LOCK, [str(recall_id)])
        found = stock.get_recall(recall_id)
        if found.state is not stock.RecallState.OPEN:
            return 0
        ids = [row[0] for row in run(_NEW, [found.product_id, found.lot, recall_id, AT_ONCE]).fetchall()]
        if not ids:
            return 0
        rows = reaches(ids)
        messages.queue(_letters(found, _first_of_each(recall_id, rows)))
        orders_of, how = ids_array(one.order_id for one in rows), texts_array(one.how for one in rows)
        run(_WRITE, [recall_id, now(), orders_of, how])
    return len(ids)


def reaches(order_ids: Collection[UUID]) -> list[Reached]:
    """How whoever placed these orders can be told, by a transport that somebody serves."""
    kinds = [kind for kind, channel in (("email", "email"), ("phone", "sms")) if messages.is_carried(channel)]
    return [reach(Reach(*row), kinds, _number) for row in run(REACH, [kinds, ids_array(order_ids)]).fetchall()]


def _number(typed: str, country: str) -> str:
    try:
        return customers.normal_contact("phone", typed, country=country)
    except customers.InvalidContact:
        return ""  # none was given, or what was typed is no number


def _first_of_each(recall_id: UUID, rows: Sequence[Reached]) -> list[tuple[UUID, Reached]]:
    """The orders under which somebody is told, and who: a person who was not told of this recall yet, each address once."""
    told = [row[0] for row in run(_TOLD, [recall_id]).fetchall()]
    mine = {one.customer_id for one in rows if one.customer_id is not None}
    facts = customers.gather(sorted(mine.union(told))).result()
    seen: set[UUID | str] = {facts[one].person_id for one in told if one in facts}
    first = []
    for one in rows:
        person = facts[one.customer_id].person_id if one.customer_id in facts else one.order_id
        if one.how and person not in seen and one.destination not in seen:
            first.append((person, one))
            seen.update((person, one.destination))
    return first


def _letters(found: stock.RecallRow, told: Sequence[tuple[UUID, Reached]]) -> list[messages.NewMessage]:
    product = catalog.gather([found.product_id]).result()[found.product_id]
    letters = []
    for person, one in told:
        with override(_tag(one.language)):
            day = formats.weekday(one.bought_on)
        words = {
            "product": product.name_in(one.language),
            "lot": found.lot,
            "place": one.place,
            "day": day,
            "reason": found.reason,
        }
        letters.append(messages.NewMessage(person, one.channel, one.destination, RECALLED, one.language, words))
    return letters


def _tag(language: str) -> str:
    """The nearest of our languages, as messages choose it."""
    try:
        return get_supported_language_variant(language)
    except LookupError:
        return "en"
