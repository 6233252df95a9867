"""The release this code belongs to. CHANGELOG.md's newest heading says the same; a test holds them together."""

VERSION = "0.1.0"
