"""The few sentences that an adapter speaks itself, where no flow and no rule gives one. Pure."""

APOLOGY = {
    "en": "We are sorry, we cannot serve you this very moment. Please stay on the line.",
    "zh": "非常抱歉，我们暂时无法为您服务，请不要挂机。",
    "yue": "非常抱歉，我哋暫時未能為你服務，請唔好收線。",
    "es": "Lo sentimos, en este momento no podemos atenderle. Por favor, no cuelgue.",
    "fr": "Nous sommes désolés, nous ne pouvons pas vous répondre à cet instant. Veuillez patienter.",
    "de": "Es tut uns leid, gerade jetzt können wir Sie nicht bedienen. Bitte bleiben Sie am Apparat.",
}
GOODBYE = {
    "en": "We are sorry, we cannot serve you now. Please call again later.",
    "zh": "非常抱歉，我们现在无法为您服务，请稍后再拨。",
    "yue": "非常抱歉，我哋而家未能為你服務，請稍後再打嚟。",
    "es": "Lo sentimos, ahora no podemos atenderle. Llame más tarde, por favor.",
    "fr": "Nous sommes désolés, nous ne pouvons pas vous répondre maintenant. Veuillez rappeler plus tard.",
    "de": "Es tut uns leid, wir können Sie jetzt nicht bedienen. Bitte rufen Sie später noch einmal an.",
}
CALLBACK_OFFER = {
    "en": "If you would rather be called back and keep your place in the line, press 1. Otherwise please stay on.",
    "zh": "如需我们回电并保留您的排队位置，请按 1；继续等待请不要挂机。",
    "yue": "如果想我哋打返畀你，並保留輪候次序，請按 1；想繼續等候請唔好收線。",
    "es": "Si prefiere que le llamemos y conservar su turno, pulse 1. Si no, permanezca en línea.",
    "fr": "Pour être rappelé en gardant votre place, appuyez sur 1. Sinon, veuillez patienter.",
    "de": "Wenn wir Sie zurückrufen sollen, drücken Sie die 1: Ihr Platz bleibt Ihnen. Sonst warten Sie bitte.",
}
CALLBACK_TAKEN = {
    "en": "Thank you, we will call you back. Goodbye.",
    "zh": "谢谢，我们会尽快给您回电，再见。",
    "yue": "多謝，我哋會盡快打返畀你，再見。",
    "es": "Gracias, le devolveremos la llamada. Adiós.",
    "fr": "Merci, nous vous rappellerons. Au revoir.",
    "de": "Vielen Dank, wir rufen Sie zurück. Auf Wiederhören.",
}
NOT_REACHED = {
    "en": "Nobody could be reached there. Please stay on the line, we will be with you as soon as we can.",
    "zh": "对方暂时无法接听，请不要挂机，我们会尽快为您服务。",
    "yue": "對方暫時未能接聽，請唔好收線，我哋會盡快為你服務。",
    "es": "No contesta nadie. Por favor, no cuelgue, le atenderemos lo antes posible.",
    "fr": "Personne n'a pu être joint. Veuillez patienter, nous serons bientôt à vous.",
    "de": "Dort ist niemand zu erreichen. Bitte bleiben Sie am Apparat, wir sind gleich für Sie da.",
}
BEEP = {
    "en": "Please leave a message after the tone.",
    "zh": "请在提示音后留言。",
    "yue": "請喺提示聲後留言。",
    "es": "Deje su mensaje después de la señal.",
    "fr": "Veuillez laisser un message après le signal.",
    "de": "Bitte hinterlassen Sie eine Nachricht nach dem Ton.",
}
UNPLAYABLE = {
    "en": "This announcement cannot be played.",
    "zh": "此语音暂时无法播放。",
    "yue": "呢段錄音暫時未能播放。",
    "es": "Este mensaje no se puede reproducir.",
    "fr": "Ce message ne peut pas être diffusé.",
    "de": "Diese Ansage kann nicht abgespielt werden.",
}


def in_languages(texts: dict[str, str], languages: tuple[str, ...]) -> list[tuple[str, str]]:
    """The sentence in each of the languages that there is one in, with its language; English where there is none."""
    found = [(tag, texts[key]) for tag in languages if (key := known_as(tag, texts)) is not None]
    return found or [("en", texts["en"])]


def known_as(tag: str, texts: dict[str, str]) -> str | None:
    """The key of `texts` for a language: its tag, or the language alone."""
    tag = tag.lower()
    return next((key for key in (tag, tag.partition("-")[0]) if key in texts), None)
