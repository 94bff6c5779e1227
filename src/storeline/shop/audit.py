"""What must hold among what the shop keeps."""

from storeline.kernel.api import SHOWN, CheckResult, check, run


@check("shop.rankings", "a shop's best offers name products that there are, each once")
def rankings() -> CheckResult:
    rows = run("""
SELECT r.place_id, r.member FROM shop_ranking r
WHERE (SELECT count(DISTINCT p.id) FROM unnest(r.products) AS x (id) JOIN catalog_product p ON p.id = x.id) <> cardinality(r.products)
ORDER BY 1, 2
""").fetchall()
    checked = run("SELECT count(*) FROM shop_ranking").fetchall()[0][0]
    shown = tuple(
        f"the best offers of place {place} for {'members' if member else 'guests'} name a product twice, or one that is not there"
        for place, member in rows[:SHOWN]
    )
    return CheckResult(checked, shown, len(rows))


@check(
    "shop.tickets",
    "every turn in line that came to an order came to one of that product, and nobody has two turns in one order",
)
def tickets() -> CheckResult:
    rows = run("""
SELECT t.id FROM shop_ticket t WHERE t.state = 'done' AND (
    NOT EXISTS (SELECT FROM orders_line l WHERE l.order_id = t.order_id AND l.product_id = t.product_id)
    OR EXISTS (SELECT FROM shop_ticket o WHERE o.order_id = t.order_id AND o.product_id = t.product_id AND o.id <> t.id)
) ORDER BY 1
""").fetchall()
    checked = run("SELECT count(*) FROM shop_ticket WHERE state = 'done'").fetchall()[0][0]
    shown = tuple(f"ticket {key} came to an order that it cannot be of" for (key,) in rows[:SHOWN])
    return CheckResult(checked, shown, len(rows))
