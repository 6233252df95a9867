"""Charts, drawn here as SVG: one file per type. Colours are CSS classes, so every chart follows the theme and prints."""
