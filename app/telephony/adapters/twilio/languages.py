"""Language tags (BCP 47) as Twilio's speech wants them. Pure."""

_SPOKEN = {
    "ar": "arb",
    "de": "de-DE",
    "en": "en-US",
    "es": "es-ES",
    "fr": "fr-FR",
    "hi": "hi-IN",
    "id": "id-ID",
    "it": "it-IT",
    "ja": "ja-JP",
    "ko": "ko-KR",
    "pt": "pt-BR",
    "ru": "ru-RU",
    "th": "th-TH",
    "vi": "vi-VN",
    "yue": "yue-HK",
    "zh": "cmn-CN",
    "zh-hk": "yue-HK",
    "zh-tw": "cmn-TW",
    "cmn": "cmn-CN",
}
_HEARD = {"cmn-CN": "cmn-Hans-CN", "cmn-TW": "cmn-Hant-TW", "yue-HK": "yue-Hant-HK", "arb": "ar-SA"}
_SCRIPTS = {"hans": "", "hant": "tw"}


def spoken(tag: str) -> str:
    """The language of a <Say>: Mandarin is cmn-CN there, Cantonese yue-HK. A tag that we do not know stays."""
    language, _, rest = tag.replace("_", "-").partition("-")
    language, rest = language.lower(), rest.lower()
    script, _, region = rest.partition("-")
    if script in _SCRIPTS:
        rest = region or _SCRIPTS[script]
    known = _SPOKEN.get(f"{language}-{rest}" if rest else language)
    if known is not None:
        return known
    if language in ("zh", "cmn"):
        return _SPOKEN["zh"]
    if language == "yue":
        return _SPOKEN["yue"]
    return f"{language}-{rest.upper()}" if len(rest) == 2 else tag


def heard(tag: str) -> str:
    """The language of a <Gather> that listens: speech recognition names Chinese by its script."""
    language = spoken(tag)
    return _HEARD.get(language, language)
