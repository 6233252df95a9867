"""What to know about a method's figures on the demo's digits: why it stands where it does.

Three tasks of one kind, a model 64 wide, short fine-tunes that change every weight a little: there is less to settle here than
between the eight to twenty tasks that the papers merge, and less to be found in few weights. Means over three seeds; a mean of
one seed lies within about 0.02 of them.
"""

_ONE = "It takes one fine-tune besides the base, so that two of the three domains stay unknown to it."
_MEAN = "The three changes are of one length and nearly at right angles, so that it is the plain average within a thousandth."

NOTES: dict[str, str] = {
    "passthrough": "It copies one fine-tune.",
    "slerp": _ONE,
    "arcee_fusion": f"{_ONE} It keeps only the largest of its changes.",
    "nearswap": f"{_ONE} Its preset lets through only what hardly changed.",
    "nuslerp": "It takes two of the three fine-tunes.",
    "multislerp": _MEAN,
    "karcher": _MEAN,
    "layer_swap": "It takes two of the three fine-tunes, whole layers of each. It is meant for a task and a language.",
    "model_stock": (
        "It goes back towards the base the less the changes point the same way, and those for three domains hardly do. It is meant "
        "for several runs of one task."
    ),
    "breadcrumbs": (
        "At its preset it keeps a seventh of each change, and the sum is much shorter than the average: with two and a half times "
        "the scale it is above it."
    ),
    "dare_ties": (
        "Its preset adds up what is left and scaled up without dividing by who agrees, which goes too far: at half the scale it is "
        "above TIES."
    ),
    "localize_stitch": (
        "Without data it takes the largest tenth of each change, and these short fine-tunes have their change everywhere: with a "
        "region of 0.3, which validation chooses in every seed, it is well above the average."
    ),
    "localize_stitch_trained": (
        "Regions begin as the largest tenth of each change and training moves their borders little: it is level with the form "
        "without data at the same region, and below the average for the same reason."
    ),
    "iso_c": (
        "The paper chooses the scale on validation data. A flat spectrum is shorter than the sum it is made from; at one and a half "
        "to one and three quarters of the preset, which validation chooses here, it is above TIES."
    ),
    "iso_cts": "As Iso-C, with less for what the tasks share; with three tasks there is little to set aside, and it is level with TIES.",
    "tsv_m": "At its preset it is above the average and below TIES; at half as much again, which validation chooses in every seed, above TIES.",
    "consensus": "The paper chooses its scale and its mask threshold on validation data; with those chosen here it is above TIES.",
    "pcb": (
        "The paper searches a scale for each task with a hundred tries. With ten tries for one scale and the kept share it is level with "
        "TIES, 0.912 and 0.913, which is much closer than seeds are to each other; with 27 tries for a scale of each task (0.75, 1 or "
        "1.33) it has 0.921, and TIES with as many 0.919."
    ),
    "robust_signature": "It patches the first fine-tune with what the two others learned, so that the first one's domain stays ahead.",
    "fisher": (
        "Whose Fisher information is longest decides for all: that of the model for rotated digits is five to nine times as long as that "
        "for shifted ones, which are lost. Given equal lengths (normalize) it is level with the average; the paper chooses a weight "
        "for each model on validation data."
    ),
    "regmean": "It answers to what really goes into each layer, and needs no scale.",
    "regmean_pp": "As RegMean, and it counts in what lower layers have become: the best here of those that see no labels and choose nothing.",
    "adamerging": (
        "It begins at 0.3, which is the average of three changes; papers begin there with eight tasks, where it is two and a half times "
        "the average. Entropy does not lead it from there: that of the plain sum of changes is lowest at a scale of 0.3 (0.55; 0.63 at "
        "0.6), its accuracy best at 0.6 (0.92; 0.86 at 0.3). So entropy falls, by a fifth in 500 steps, while accuracy stays where "
        "it was: a merged model "
        "can be sure of a wrong answer, as all tasks share one head. Holding the head, held-out or test inputs did not help on the first "
        "seed; ten times the rate did with inputs of the train split (0.89), and harmed with held-out ones (0.83). Started at 0.6, as validation chooses, it is above TIES; the "
        "same coefficients learned from labels reach 0.93."
    ),
    "adamerging_pp": (
        "As AdaMerging, and it begins from less: a fifth of each change, summed up to 0.3 of what is left after the vote, is far shorter "
        "than the average. Begun at 0.6 or 0.9, as validation chooses, it is level with TIES."
    ),
    "atlas": (
        "It learns from labelled examples of all three domains, and shows how much coefficients alone can do: a bound for AdaMerging. "
        "Without labels it begins at the base, is sure of what the base is sure of, and stays near it: 0.75 on the first seed."
    ),
    "expert_merging": (
        "Five examples of each domain and eight steps, held to a start of 0.1 by its penalty: meant for language models, whose changes "
        "are added at such scales. Begun at 0.6, as validation chooses in every seed, it is level with TIES or above."
    ),
    "expert_merging_pp": "As Expert Merging; tensors without a piece of their own keep the start. Begun at 0.6 it is above TIES.",
}
