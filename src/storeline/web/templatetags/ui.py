"""The design's parts as template tags and filters: `{% load ui %}`. Shown together at /styleguide."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache, lru_cache, wraps
from typing import Any

import orjson
from django import template
from django.forms import BoundField
from django.template import Context
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from storeline.kernel.api import UnitPrice, new_id
from storeline.web import formats, kept, maps
from storeline.web.live import Topic
from storeline.web.live.topics import text_of
from storeline.web.pictures import picture_for

register = template.Library()
Part = Callable[..., dict[str, Any]]


def part(name: str) -> Callable[[Part], Part]:
    """A tag that draws a template of its arguments and the reader's language alone: once for all who see the same."""

    def declare(make: Part) -> Part:
        # By their types too, so that what is safe never passes for what is not.
        @lru_cache(maxsize=4096, typed=True)
        def draw(_language: str | None, *args: Any, **named: Any) -> SafeString:
            return SafeString(get_template(name).render(make(*args, **named)))

        @wraps(make)
        def tag(*args: Any, **named: Any) -> SafeString:
            return draw(get_language(), *args, **named)

        register.simple_tag(tag, name=make.__name__)
        return make

    return declare


register.filter("money", formats.money)
register.filter("number", formats.number)
register.filter("quantity", formats.quantity)
register.filter("distance", formats.distance)
register.filter("unit_name", formats.unit_name)
register.filter("day", formats.day)
register.filter("clock", formats.clock)
register.filter("when", formats.when)
register.filter("weekday", formats.weekday)
register.filter("long_date", formats.long_date)


@register.filter
def unit_amount(price: UnitPrice) -> str:
    """What one unit costs."""
    return formats.unit_amount(price)


@register.filter
def local_name(thing: Any) -> str:
    """The name of a product, place, category or offer in the reader's language, else its own."""
    names = getattr(thing, "names", None) or {}
    language = formats.locale().language
    return str(names.get({"zh": "zh-Hans"}.get(language, language)) or names.get(language) or thing.name)


@register.simple_tag
def span(start: datetime, end: datetime, zone: str = "UTC") -> str:
    """From one time of day to another."""
    return formats.span(start, end, zone)


@register.simple_tag
def percent(part: int, whole: int, digits: int = 0) -> str:
    """A share."""
    return formats.percent(part, whole, digits)


@register.simple_tag
def new_uuid() -> str:
    """An id for what a form is about to make: sent twice, it makes one."""
    return str(new_id())


@cache
def _file(name: str) -> str:
    """Where a static file is, under its hashed name: asked when the first page needs it, since it may be collected late."""
    return static(name)


@register.simple_tag
def asset(name: str) -> str:
    """Where a static file is: as `{% static %}` says it, but looked up once."""
    return _file(name)


@register.simple_tag
@lru_cache(maxsize=512, typed=True)
def icon(name: str, size: str = "") -> SafeString:
    """One of `web.icons.ICONS`; it says nothing to a screen reader, so write words beside it or an aria-label around it."""
    kind = f"icon icon-{size}" if size else "icon"
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', kind, _file("web/vendor/icons.svg"), name
    )


@register.simple_tag
def picture(*words: str, url: str = "", alt: str = "", size: str = "") -> SafeString:
    """A product's own picture where `url` names one, else the one that stands for the words of its category."""
    return _picture("" if url else picture_for(*[str(word) for word in words if word]), url, alt, size)


@lru_cache(maxsize=4096, typed=True)
def _picture(name: str, url: str, alt: str, size: str) -> SafeString:
    kind = f"picture picture-{size}" if size else "picture"
    source = url or _file(f"web/vendor/pictures/{name}.svg")
    later = mark_safe(' loading="lazy"') if size == "fill" else ""  # small ones come with the page
    return format_html(
        '<span class="{}"><img src="{}" alt="{}" width="96" height="96"{} decoding="async"></span>',
        kind,
        source,
        alt,
        later,
    )


@register.simple_tag
def qr(text: str, label: str = "") -> SafeString:
    """A QR code of `text` as SVG, dark on white in every theme so that each scanner reads it."""
    import segno  # noqa: PLC0415  # its tables take a tenth of a second to load, and few pages draw one

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out,
        kind="svg",
        xmldecl=False,
        svgns=False,
        omitsize=True,
        border=4,
        light="#fff",
        svgclass="qr",
        lineclass=None,
    )
    drawn = out.getvalue().decode()
    named = format_html('<svg role="img" aria-label="{}" ', label or _("QR code"))
    return mark_safe(drawn.replace("<svg ", named, 1))  # noqa: S308  # segno's own drawing and an escaped label


@register.simple_tag(takes_context=True)
def live(context: Context, topic: Topic, url: str, every: int = 0) -> SafeString:
    """Attributes of an element, which needs an id: it asks `url` for itself anew whenever its topic changes.

    ``<div id="way" {% live topic url %}>…</div>``, where `url` answers that very element, tag and all, or 204 where
    nothing changed. Changes that come together are one; `every` says how many seconds lie between two questions at
    least. Where streams do not reach it asks twice a minute, and without JavaScript it stays as it is.
    """
    return format_html(
        'data-live="{}" data-live-at="{}" data-live-every="{}" '
        'hx-get="{}" hx-trigger="live" hx-swap="outerHTML" hx-disinherit="*"',
        topic.token(),
        text_of(getattr(context["request"], "live_at", None)),
        every,
        url,
    )


@register.simple_tag(name="kept")
def kept_part(template: str, **values: Any) -> SafeString:
    """`{% kept "desk/order_row.html" row=row zone=zone %}`: a template of these values alone, drawn once for all who see the same."""
    return kept.part(template, values)


@register.inclusion_tag("web/parts/field.html")
def field(bound: BoundField, hint: str = "", autocomplete: str = "", inputmode: str = "") -> dict[str, Any]:
    """A form's field with its label, hint and error."""
    return {
        "field": bound,
        "hint": hint or bound.help_text,
        "control": control(bound, hint or str(bound.help_text), autocomplete, inputmode),
    }


def control(bound: BoundField, hint: str, autocomplete: str, inputmode: str) -> SafeString:
    """The input itself, tied to its hint and its error."""
    tied = [f"{bound.auto_id}_{part}" for part, there in (("hint", hint), ("error", bound.errors)) if there]
    extra = {"aria-describedby": " ".join(tied), "autocomplete": autocomplete, "inputmode": inputmode}
    attrs: dict[str, str | bool] = {name: value for name, value in extra.items() if value}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    kind = getattr(bound.field.widget, "input_type", "select")
    attrs["class"] = "check" if kind in ("checkbox", "radio") else "input"
    return bound.as_widget(attrs=attrs)


@part("web/parts/price.html")
def price(shelf: Any, unit: str = "each", big: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  # a template's word
    """A `pricing.api.ShelfPrice`: now, before, per kilogram or litre, lowest of 30 days, for members, offers."""
    return price_texts(shelf, unit) | {"big": big, "offers": [local_name(one) for one in shelf.offers] if big else ()}


def price_texts(shelf: Any, unit: str) -> dict[str, str]:
    """What `web/parts/price.html` shows of a price; empty where there is no such."""

    def text(amount: UnitPrice | None) -> str:
        return "" if amount is None else formats.unit_amount(amount)

    per = shelf.display if unit == "each" else None
    return {
        "price": formats.unit_amount(shelf.price),
        "per": "" if unit == "each" else formats.unit_name(unit),
        "regular": text(shelf.regular),
        "display": f"{formats.money(per.amount, per.currency)}/{formats.unit_name(per.unit)}" if per else "",
        "lowest": text(shelf.lowest_30_days),
        "member": text(shelf.member_price),
    }


@part("web/parts/stepper.html")
def stepper(
    value: int, name: str = "quantity", label: str = "", least: int = 0, most: int = 99, step: int = 1
) -> dict[str, Any]:
    """How many, by buttons and by typing."""
    return {"value": value, "name": name, "label": label or _("Quantity"), "least": least, "most": most, "step": step}


@part("web/parts/pill.html")
def stock_pill(state: str, text: str = "") -> dict[str, Any]:
    """`in`, `few`, `elsewhere` or `out`: in stock here or not."""
    tone, symbol, words = {
        "in": ("good", "circle-check", _("In stock")),
        "few": ("warn", "circle-alert", _("Few left")),
        "elsewhere": ("info", "map-pin", _("In other shops")),
        "out": ("stop", "x", _("Out of stock")),
    }[state]
    return {"tone": tone, "symbol": symbol, "text": text or words}


@part("web/parts/pill.html")
def pill(text: str, tone: str = "info", symbol: str = "") -> dict[str, Any]:
    """A short state: `info`, `good`, `warn`, `stop`."""
    return {"tone": tone, "symbol": symbol, "text": text}


@register.inclusion_tag("web/parts/banner.html")
def banner(text: str, tone: str = "info", title: str = "") -> dict[str, Any]:
    """Something to know before going on: `info`, `good`, `warn`, `stop`."""
    symbols = {"good": "circle-check", "warn": "triangle-alert", "stop": "circle-alert"}
    return {"text": text, "tone": tone, "title": title, "symbol": symbols.get(tone, "info")}


@register.inclusion_tag("web/parts/timeline.html")
def timeline(steps: Sequence[Any]) -> dict[str, Any]:
    """An order's way: each step has `name`, `state` (done, now, later, failed) and maybe `note`."""
    return {"steps": steps}


@register.inclusion_tag("web/parts/code_card.html")
def code_card(code: str, text: str = "", title: str = "", note: str = "") -> dict[str, Any]:
    """A code large enough to read out, and as QR (`text` is what the QR holds, the code itself if left out)."""
    return {"code": code, "text": text or code, "title": title or _("Collection code"), "note": note}


@register.inclusion_tag("web/parts/figure.html")
def figure(
    label: str, value: str, compared: str = "", change: int | None = None, values: Sequence[int] = (), href: str = ""
) -> dict[str, Any]:
    """A figure of the office: `change` in tenths of a percent against what `compared` says; `values` draw a line."""
    tone = "" if change is None or change == 0 else "up" if change > 0 else "down"
    shown = "" if change is None else formats.percent(change, 1000, 1)
    return {
        "label": label,
        "value": value,
        "compared": compared,
        "change": f"+{shown}" if tone == "up" else shown,
        "tone": tone,
        "points": points(values),
        "href": href,
    }


def points(values: Sequence[int], width: int = 120, height: int = 32) -> str:
    """A line through `values` as an SVG polyline's points, in whole units."""
    if len(values) < 2:  # noqa: PLR2004  # a line has two ends
        return ""
    low, high = min(values), max(values)
    reach = (high - low) or 1
    return " ".join(
        f"{index * width // (len(values) - 1)},{height - 2 - (value - low) * (height - 4) // reach}"
        for index, value in enumerate(values)
    )


@register.inclusion_tag("web/parts/map.html")
def place_map(points: Sequence[maps.Point], label: str = "", here: tuple[float, float] | None = None) -> dict[str, Any]:
    """Places (`web.maps.Point`) on a map, zoomed to them; `here` is where the reader stands. Needs no script, no internet."""
    return {"map": maps.draw(points, here), "label": label or _("Map")}


@register.filter
def ld_json(described: dict[str, Any]) -> SafeString:
    """What search engines read, as data that no browser runs."""
    text = orjson.dumps(described).decode().replace("<", "\\u003c").replace("&", "\\u0026")
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308  # nothing in it ends the element


@register.filter
def iso(moment: date) -> str:
    """For `<time datetime>`."""
    return moment.isoformat()
