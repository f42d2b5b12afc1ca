#!/usr/bin/env python3
"""Every failure test that needs one stand only, on one stand. usage: whole.py NAIS [--strict]"""
import sys

from disk import full_disk
from listener import http2_floods, malformed_heads, pipelines, slowness
from overload import overload
from provider import bad_providers
from skew import skewed_clocks
from stand import alone

if __name__ == "__main__":
    sys.exit(alone(skewed_clocks, bad_providers, malformed_heads, pipelines, slowness, http2_floods, overload, full_disk))
