"""Saves a tiny ViT to the hub and loads it again with transformers. Run by `test_client.py` in a process of its own."""

import sys

import torch
from transformers import AutoModelForImageClassification, ViTConfig, ViTForImageClassification

repo = f"{sys.argv[1]}/tiny-vit"
torch.manual_seed(0)
config = ViTConfig(
    hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=8, patch_size=4, num_channels=1, num_labels=10
)  # fmt: skip
made = ViTForImageClassification(config)
made.push_to_hub(repo, private=True)
loaded = AutoModelForImageClassification.from_pretrained(repo)
image = torch.zeros(1, 1, 8, 8)
assert torch.equal(made.eval()(image).logits, loaded.eval()(image).logits)
print("all went well")
