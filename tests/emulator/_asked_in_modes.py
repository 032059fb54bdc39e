"""What is asked for each script of `modes.toml`."""

_CAFE, _CAFE_ZH = "Suggest three names for a small café.", "给一家小咖啡馆起三个名字"
_QUEUE = "Which message queue would you recommend for our orders?"

ASKED_IN_MODES = {
    "capital of Japan": ["What is the capital of Japan?"],
    "日本的首都": ["日本的首都是哪里?"],
    "zeros at the end of 1000!": ["How many zeros does 1000! end in?"],
    "1000! 末尾的零": ["1000! 的末尾有多少个零?"],
    "a message queue": [_QUEUE],
    "why Kafka was ruled out": [_QUEUE, "Why was Kafka ruled out?"],
    "names for a café": [_CAFE],
    "a slogan for the café": [_CAFE, "A slogan for the second one?"],
    "another tone for the café": [_CAFE, "More serious, please."],
    "咖啡馆的名字": [_CAFE_ZH],
    "咖啡馆的标语": [_CAFE_ZH, "给第二个写句标语"],
    "咖啡馆换个风格": [_CAFE_ZH, "换成正式一点的"],
    "手机店，两项已知": ["要 6.1 英寸的，4K"],
    "手机店，尺寸已知": ["6.1"],
    "手机店，分辨率已知": ["2K"],
    "手机店，都未知": ["你好"],
}
