"""Forms as a browser reads and sends them."""

from html.parser import HTMLParser


class _Forms(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms = []
        self.select = self.area = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.forms.append((given.get("action"), {}))
        elif tag == "option":
            self.option(given)
        elif self.forms and given.get("name") and "disabled" not in given:
            self.field(tag, given)

    def option(self, given):
        if self.select and ("selected" in given or self.select not in self.fields):
            self.fields[self.select] = given.get("value", "")

    def field(self, tag, given):
        name, value = given["name"], given.get("value", "")
        if tag == "select":
            self.select = name
        elif tag == "textarea":
            self.area, self.fields[name] = name, ""
        elif tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.fields[name] = value

    @property
    def fields(self):
        return self.forms[-1][1]

    def handle_data(self, data):
        if self.area:
            self.fields[self.area] += data

    def handle_endtag(self, tag):
        if tag == "select":
            self.select = None
        if tag == "textarea" and self.area:
            self.fields[self.area] = self.fields[self.area].removeprefix("\n")
            self.area = None


def form_of(answer, address, last=False):
    """What the page's form for that address would send, untouched."""
    reader = _Forms()
    reader.feed(answer.text)
    found = [fields for to, fields in reader.forms if to == address]
    assert found, (answer.status_code, address, [to for to, _ in reader.forms])
    return found[-1 if last else 0]


def sends(person, answer, address, /, *, last=False, **changes):
    """Send a form of the page that was answered, with some fields changed."""
    fields = form_of(answer, address, last) | changes
    return person.session.post(person.url + address, data=fields, timeout=20)
