"""The ways in which a deal changes, each gone as a person or a program goes it."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.crm.crm import Crm, Pages

GUESTS = Path(__file__).with_name("guests")
CLOSED = "12/31/2026"


class Ways:
    """The pages of the CRM, as its administrator uses them."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.page = pages.page

    def edit_inline(self, deal_id: str, **values: str) -> None:
        """In the deal's own page, by a double click on each value."""
        self._open("Opportunities", "DetailView", record=deal_id)
        self._type_inline(self.page.locator("#tab-content-0, #content").first, values)

    def edit_inline_in_the_list(self, deal_id: str, **values: str) -> None:
        self._open("Opportunities", "index")
        row = self.page.locator(f'tr:has(> td input[value="{deal_id}"])')
        self._type_inline(row, values)

    def update_from_the_list(self, *deal_ids: str, **values: str) -> None:
        """By a mass update of lists (by key) in all these deals."""
        self._tick(deal_ids)
        self.page.click("#massupdate_listview_top")
        for name, value in values.items():
            self.page.select_option(f"#mass_{name}", value)
        self._and_leave(lambda: self.page.click("#update_button"))

    def delete(self, deal_id: str) -> None:
        self._open("Opportunities", "DetailView", record=deal_id)
        button = self.page.locator("#delete_button")
        self._and_leave(lambda: button.dispatch_event("click"))

    def delete_from_the_list(self, *deal_ids: str) -> None:
        self._tick(deal_ids)
        button = "#delete_listview_top.parent-dropdown-action-handler"
        self._and_leave(lambda: self.page.click(button))

    def merge(self, *deal_ids: str, name: str) -> None:
        """Finds them in the list, merges them into the first and names that."""
        self._tick(deal_ids)
        self._and_leave(lambda: self.page.click("#mergeduplicates_listview_top"))
        self.page.fill("#name", name)
        button = self.page.locator("#save_merged_record_button").first
        self._and_leave(button.click)

    def import_deals(self, csv: Path, update: bool = False) -> None:
        """By the import wizard, with the columns as it recognises them."""
        self._open("Import", "Step1", import_module="Opportunities")
        self.page.set_input_files("#userfile", csv)
        if update:
            self.page.check("#import_update")
        self.page.click("#gonext")
        self.page.wait_for_selector("#toggleImportOptions")
        self.page.click("#gonext")
        self.page.wait_for_selector("#addrow")
        self.page.click("#gonext")
        self.page.wait_for_selector("#importnow")
        self.page.click("#importnow")
        self.page.wait_for_url("**action=Last**")

    def convert_lead(self, lead_id: str, deal_name: str) -> None:
        """Into a contact, an account and a deal."""
        self._open("Leads", "ConvertLead", record=lead_id)
        self.page.check("#newOpportunities")
        self.page.fill("#Opportunitiesname", deal_name)
        self.page.fill("#Opportunitiesamount", "5")
        self.page.fill("#Opportunitiesdate_closed", CLOSED)
        self._and_leave(lambda: self.page.click("#SAVE_FOOTER"))

    def create_in_subpanel(self, module: str, record_id: str, name: str) -> None:
        """A deal, by the short form in the page of a contact or an account."""
        form = self._short_form(module, record_id)
        self._fill_deal(form, name)
        with self.page.expect_response(lambda answer: answer.request.method == "POST"):
            self.page.locator(
                f"{form} [name=Opportunities_subpanel_save_button]"
            ).first.click()
        self.page.wait_for_selector(f"#subpanel_opportunities >> text={name}")

    def create_for_contact(self, contact_id: str, account: str, name: str) -> None:
        """A deal, by the whole form with a contact and an account chosen."""
        form = self._short_form("Contacts", contact_id)
        button = self.page.locator(
            f"{form} [name=Opportunities_subpanel_full_form_button]"
        )
        self._and_leave(button.first.click)
        self.page.wait_for_selector("#EditView")
        assert self.page.input_value("#EditView [name=account_name]") == account
        self._fill_deal("#EditView", name)
        self._and_leave(lambda: self.page.click("#SAVE >> nth=0"))

    def edit(self, module: str, record_id: str, **values: str) -> None:
        """In the record's edit page; fields by the name that its form gives them."""
        self._open(module, "EditView", record=record_id)
        for name, value in values.items():
            self.page.fill(f"#EditView [name={name}]", value)
        self.page.click("#SAVE >> nth=0")
        self.page.wait_for_url("**action=DetailView**")

    def link_contact(self, deal_id: str, contact_id: str) -> None:
        """By Select in the deal's subpanel: it offers contacts of the same account."""
        self._open_subpanel("Opportunities", deal_id, "contacts")
        button = self.page.locator("#opportunities_contacts_select_button")
        button.wait_for(state="attached")
        with self.page.expect_popup() as popup:
            button.dispatch_event("click")
        popup.value.wait_for_load_state("networkidle")
        popup.value.check(f'input[value="{contact_id}"]')
        popup.value.click("#MassUpdate_select_button")
        self.page.wait_for_selector(
            f'#subpanel_contacts a[href*="{contact_id}"]', state="attached"
        )

    def unlink(self, page_of: str, record_id: str, subpanel: str, other: str) -> None:
        """By Remove in a subpanel of a record's page."""
        self._open_subpanel(page_of, record_id, subpanel)
        link = self.page.locator(
            f'#subpanel_{subpanel} a[href*="sub_p_rem"][href*="{other}"]'
        )
        link.wait_for(state="attached")
        link.dispatch_event("click")
        link.wait_for(state="detached")

    def _open(self, module: str, action: str, **query: str) -> None:
        self.pages.open(module, action, **query)
        self.page.wait_for_load_state("networkidle")

    def _tick(self, deal_ids: tuple[str, ...]) -> None:
        self._open("Opportunities", "index")
        for deal_id in deal_ids:
            self.page.check(f'input[name="mass[]"][value="{deal_id}"]')
        self.page.click("#delete_listview_top.parent-dropdown-handler")

    def _type_inline(self, around: Any, values: dict[str, str]) -> None:
        for name, value in values.items():
            cell = around.locator(f".inlineEdit[field={name}]")
            cell.dblclick()
            entry = cell.locator(f"[name={name}]")
            entry.wait_for()
            if entry.evaluate("entry => entry.tagName") == "SELECT":
                entry.select_option(value)
            else:
                entry.fill(value)
            with self.page.expect_response(lambda got: "saveHTMLField" in got.url):
                cell.locator("#inlineEditSaveButton").click()

    def _open_subpanel(self, module: str, record_id: str, subpanel: str) -> None:
        """The CRM remembers which of them are open in a module's pages."""
        self._open(module, "DetailView", record=record_id)
        if self.page.locator(f"#subpanel_title_{subpanel}.collapsed").count() > 0:
            self.page.click(f"#subpanel_title_{subpanel}")
        self.page.wait_for_selector(f"#subpanel_{subpanel}.in")

    def _short_form(self, module: str, record_id: str) -> str:
        self._open_subpanel(module, record_id, "opportunities")
        self.page.click("#subpanel_opportunities a[id$=_create_button]")
        form = "form#form_SubpanelQuickCreate_Opportunities"
        self.page.wait_for_selector(form)
        return form

    def _fill_deal(self, form: str, name: str) -> None:
        self.page.fill(f"{form} [name=name]", name)
        self.page.fill(f"{form} [name=amount]", "12.5")
        self.page.fill(f"{form} [name=date_closed]", CLOSED)

    def _and_leave(self, act: Any) -> None:
        with self.page.expect_navigation(wait_until="load"):
            act()
        self.page.wait_for_load_state("networkidle")


class RestV8:
    """SuiteCRM's JSON API, as a program with a key of its own uses it."""

    def __init__(self, crm: Crm, client: str, secret: str) -> None:
        self._session = requests.Session()
        self._modules = f"{crm.url}/Api/V8/module"
        answer = self._session.post(
            f"{crm.url}/Api/access_token",
            json={
                "grant_type": "password",
                "client_id": client,
                "client_secret": secret,
                "username": crm.username,
                "password": crm.password,
            },
            timeout=30,
        )
        answer.raise_for_status()
        self._session.headers["Authorization"] = (
            f"Bearer {answer.json()['access_token']}"
        )

    def create(self, **values: str) -> str:
        data = {"type": "Opportunities", "attributes": values}
        return str(self._call("POST", "", data)["id"])

    def update(self, deal_id: str, **values: str) -> None:
        data = {"type": "Opportunities", "id": deal_id, "attributes": values}
        self._call("PATCH", "", data)

    def delete(self, deal_id: str) -> None:
        self._call("DELETE", f"/Opportunities/{deal_id}")

    def _call(self, method: str, path: str, data: Any = None) -> Any:
        answer = self._session.request(
            method,
            self._modules + path,
            json=data and {"data": data},
            headers={"Content-Type": "application/vnd.api+json"},
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer.json().get("data")


@contextmanager
def key_of_rest_v8(crm: Crm) -> Iterator[RestV8]:
    """Lets a program in, and shuts it out again."""
    secret = "a secret of the tests"
    folder = crm.root / "Api" / "V8" / "OAuth2"
    made = [] if (folder / "private.key").exists() else make_keys(folder)
    client = crm.save(
        "OAuth2Clients",
        name="Tests",
        secret=hashlib.sha256(secret.encode()).hexdigest(),
        allowed_grant_type="password",
        is_confidential=1,
    )["id"]
    try:
        yield RestV8(crm, client, secret)
    finally:
        crm.query(f"DELETE FROM oauth2clients WHERE id = '{client}'")
        crm.query(f"DELETE FROM oauth2tokens WHERE client = '{client}'")
        for path in made:
            path.unlink()


def make_keys(folder: Path) -> list[Path]:
    private, public = folder / "private.key", folder / "public.key"
    for arguments in (
        ["genrsa", "-out", private, "2048"],
        ["rsa", "-in", private, "-pubout", "-out", public],
    ):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
    for path in (private, public):
        shutil.chown(path, crm_owner(folder))
        path.chmod(0o600)
    return [private, public]


def crm_owner(folder: Path) -> int:
    return folder.stat().st_uid


class RestV41:
    """The older API."""

    def __init__(self, crm: Crm) -> None:
        self._url = f"{crm.url}/service/v4_1/rest.php"
        password = hashlib.md5(crm.password.encode()).hexdigest()
        login = self._call(
            "login",
            {"user_auth": {"user_name": crm.username, "password": password}},
        )
        self._session = login["id"]

    def set_entry(self, **values: str) -> str:
        pairs = [{"name": name, "value": value} for name, value in values.items()]
        answer = self._call(
            "set_entry",
            {
                "session": self._session,
                "module_name": "Opportunities",
                "name_value_list": pairs,
            },
        )
        return str(answer["id"])

    def _call(self, method: str, data: dict[str, Any]) -> Any:
        answer = requests.post(
            self._url,
            data={
                "method": method,
                "input_type": "JSON",
                "response_type": "JSON",
                "rest_data": json.dumps(data),
            },
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()


@contextmanager
def hook_of_another_package(
    crm: Crm, event: str, method: str, order: int
) -> Iterator[None]:
    """Hooks a method of guests/Hooks.php into the saves of deals."""
    folder = crm.root / "custom" / "RoistatTests"
    hooks = crm.root / "custom" / "modules" / "Opportunities" / "logic_hooks.php"
    before = hooks.read_text() if hooks.exists() else None
    folder.mkdir(exist_ok=True)
    shutil.copy(GUESTS / "Hooks.php", folder)
    text = (before or "<?php\n$hook_version = 1;").removesuffix("?>")
    hooks.parent.mkdir(parents=True, exist_ok=True)
    hooks.write_text(
        f"{text}\n$hook_array['{event}'][] = [{order}, 'A guest', "
        "'custom/RoistatTests/Hooks.php', "
        f"'RoistatTests\\Hooks', '{method}'];\n"
    )
    try:
        yield
    finally:
        if before is None:
            hooks.unlink()
        else:
            hooks.write_text(before)
        shutil.rmtree(folder)


@contextmanager
def job_of_another_package(crm: Crm) -> Iterator[None]:
    """Puts guests/SavingJob.php where the CRM's queue finds it."""
    folder = crm.root / "custom" / "lib" / "RoistatTests"
    folder.mkdir(parents=True)
    shutil.copy(GUESTS / "SavingJob.php", folder)
    try:
        yield
    finally:
        crm.query("DELETE FROM job_queue WHERE target LIKE '%RoistatTests%'")
        shutil.rmtree(folder)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()
