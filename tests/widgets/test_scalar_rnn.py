FIGURE, PAGE = "ScalarRNN()", "book/02-scalar-rnn"


def test_a_slider_changes_the_weight(figure):
    figure.box.get_by_label("recurrent weight").focus()
    figure.page.keyboard.press("ArrowRight")
    figure.settle()
    assert figure.get("w_h") == 0.55
    if figure.ask:
        assert figure.python("figure.w_h") == 0.55
