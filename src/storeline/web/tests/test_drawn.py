"""Parts of pages that are drawn once: what is put in each time is escaped, and nothing of one visitor reaches another."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.utils import translation
from django.utils.safestring import mark_safe

from storeline.web.templatetags.drawn import DrawnNode

PART = (
    "{% load drawn i18n ui %}{% drawn kind with path q %}{% csrf_token %}<b>{{ kind }}</b>"
    '<a href="/x?next={{ path|urlencode }}">{% translate "Search" %}</a><i>{{ path }}|{{ q }}</i>{% enddrawn %}'
)


def drawn(template: Template, **values: object) -> str:
    return template.render(Context({"csrf_token": "token", "kind": "a", "path": "/", **values}))


def test_values_are_put_in_each_time_and_escaped() -> None:
    template = Template(PART)
    first = drawn(template, path='/<a>?b="c"&d', q="<i>", csrf_token="one")
    assert '<input type="hidden" name="csrfmiddlewaretoken" value="one"><b>a</b>' in first
    assert '<a href="/x?next=/%3Ca%3E%3Fb%3D%22c%22%26d">Search</a>' in first
    assert "<i>/&lt;a&gt;?b=&quot;c&quot;&amp;d|&lt;i&gt;</i>" in first
    second = drawn(template, csrf_token="two")
    assert 'value="two"' in second
    assert "<i>/|</i>" in second
    assert len(_node(template).kept) == 1


def test_each_key_and_each_language_is_drawn_by_itself() -> None:
    template = Template(PART)
    assert "<b>&lt;b&gt;</b>" in drawn(template, kind="<b>")
    assert "<b><b></b>" in drawn(template, kind=mark_safe("<b>"))
    assert "<b>&lt;b&gt;</b>" in drawn(template, kind="<b>")
    with translation.override("fr"):
        assert ">Chercher</a>" in drawn(template)
    assert len(_node(template).kept) == 3


def test_what_is_safe_does_not_pass_for_what_is_not() -> None:
    template = Template("{% load ui %}{% pill text %}")
    assert "<i>" in template.render(Context({"text": mark_safe("<i>")}))
    assert "&lt;i&gt;" in template.render(Context({"text": "<i>"}))


@pytest.mark.parametrize("text", ["a:b", "%3A", "x" * 5000, "豆腐"])
def test_nothing_that_is_shown_passes_for_a_place(text: str) -> None:
    assert f"<i>{text}|</i>" in drawn(Template(PART), path=text)


def _node(template: Template) -> DrawnNode:
    (found,) = template.nodelist.get_nodes_by_type(DrawnNode)
    assert isinstance(found, DrawnNode)
    return found
