"""What to know about a method's figures on the demo's digits: why it stands where it does.

Three tasks of one kind, a model 64 wide, short fine-tunes that change every weight a little: there is less to settle here than
between the eight to twenty tasks that the papers merge, and less to be found in few weights.
"""

_ONE = "It takes one fine-tune besides the base, so that two of the three domains stay unknown to it."

NOTES: dict[str, str] = {
    "passthrough": "It copies one fine-tune.",
    "slerp": _ONE,
    "arcee_fusion": _ONE,
    "nearswap": f"{_ONE} Its preset lets through only what hardly changed.",
    "nuslerp": "It takes two of the three fine-tunes.",
    "layer_swap": "It takes two of the three fine-tunes, whole layers of each. It is meant for a task and a language.",
    "model_stock": (
        "It goes back towards the base the less the changes point the same way, and those for three domains hardly do. It is meant "
        "for several runs of one task."
    ),
    "breadcrumbs": "At its preset it keeps a seventh of each change and adds less than half of that: with three times the scale it is above the average.",
    "dare_ties": (
        "Its preset adds up what is left and scaled up without dividing by who agrees, which goes too far: at half the scale it is "
        "level with TIES."
    ),
    "localize_stitch": (
        "Without data it takes the largest tenth of each change, and these short fine-tunes have their change everywhere: with "
        "sparsity 0.3 it is level with TIES."
    ),
    "iso_c": (
        "The paper chooses the scale on validation data. A flat spectrum is shorter than the sum it is made from; at the scale that "
        "validation chooses here it is above TIES over three seeds."
    ),
    "iso_cts": "As Iso-C, with less for what the tasks share; with three tasks there is little to set aside.",
    "tsv_m": "At its preset it is above the average and below TIES; at half as much again, which validation chooses, above TIES.",
    "consensus": "Its scale is chosen on validation data in the paper; at 0.9, which validation chooses here, it is level with TIES.",
    "pcb": "The paper searches a scale for each task and keeps a tenth; with a kept share of 0.3 it is level with TIES here.",
    "robust_signature": "It patches the first fine-tune with what the two others learned, so that the first one's domain stays ahead.",
}
