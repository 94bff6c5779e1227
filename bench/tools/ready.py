"""Imported first by a bench that needs the program's modules and no database: they ask Django for its settings."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storeline.config.settings")
django.setup()
