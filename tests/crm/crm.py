"""A real CRM, driven by its own pages and by code that runs in it."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IN_CRM = Path(__file__).with_name("in_crm.php")
NEEDED = ("CRM_ROOT", "CRM_URL", "CRM_USERNAME", "CRM_PASSWORD")


@dataclass(frozen=True)
class Crm:
    """Where the CRM is, and who we are there."""

    root: Path
    url: str
    username: str
    password: str

    @classmethod
    def from_environment(cls) -> "Crm":
        root, url, username, password = (os.environ[name] for name in NEEDED)
        return cls(Path(root), url.rstrip("/"), username, password)

    def run(self, command: str, **values: Any) -> Any:
        """Runs a command of in_crm.php inside the CRM."""
        process = self.start(command, **values)
        output, errors = process.communicate()
        assert process.returncode == 0, output + errors
        return json.loads(output)

    def start(self, command: str, **values: Any) -> "subprocess.Popen[str]":
        """Starts a command of in_crm.php inside the CRM."""
        return subprocess.Popen(
            [
                "php",
                "-d",
                "display_errors=stderr",
                str(IN_CRM),
                command,
                json.dumps(values),
            ],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def query(self, sql: str) -> list[dict[str, Any]]:
        """The rows that a query gives, as they are stored."""
        return list(self.run("query", sql=sql))

    def save(
        self, module: str, links: dict[str, str] | None = None, **values: Any
    ) -> Any:
        """Saves a record by code; answers its id and how long that took."""
        return self.run("save", module=module, values=values, links=links or {})

    def save_deal(self) -> dict[str, str]:
        """Saves a deal with a contact and an account; answers all three ids."""
        account = self.save("Accounts", name="Acme & Sons", phone_office="+1 555 0100")
        contact = self.save(
            "Contacts",
            first_name="Zoë",
            last_name="O'Hara",
            phone_mobile="+1 555 0101",
            email1="zoe@example.com",
            email2="aaa@example.com",
            birthdate="1985-04-12",
            account_id=account["id"],
        )
        deal = self.save(
            "Opportunities",
            name='Tom\'s "big" & 1 < 2',
            amount="1234.56",
            sales_stage="Id. Decision Makers",
            lead_source="Web Site",
            date_closed="2026-12-31",
            assigned_user_id="1",
            links={"accounts": account["id"], "contacts": contact["id"]},
        )
        return {
            "id": deal["id"],
            "account": account["id"],
            "contact": contact["id"],
        }

    @property
    def log(self) -> str:
        path = self.root / "suitecrm.log"
        return path.read_text(errors="replace") if path.exists() else ""


class Pages:
    """The CRM's own pages in a browser, as its administrator."""

    def __init__(self, crm: Crm, page: Any) -> None:
        self.crm = crm
        self.page = page
        page.on("dialog", lambda dialog: dialog.accept())

    def open(self, module: str, action: str, **query: str) -> None:
        extra = "".join(f"&{name}={value}" for name, value in query.items())
        self.page.goto(
            f"{self.crm.url}/index.php?module={module}&action={action}{extra}"
        )

    def log_in(self) -> None:
        self.page.goto(f"{self.crm.url}/index.php")
        self.page.fill("#user_name", self.crm.username)
        self.page.fill("#username_password", self.crm.password)
        self.page.click("#bigbutton")
        self.page.wait_for_url("**module=Home**")

    def open_module_loader(self) -> None:
        """Through the admin panel: the page refuses whoever comes from nowhere."""
        self.open("Administration", "index")
        self.page.click("#module_loader")
        self.page.wait_for_load_state("networkidle")

    def is_installed(self) -> bool:
        self.open_module_loader()
        return self.page.locator("input[name=btn_mode][value=Uninstall]").count() > 0

    def install(self, package: Path) -> None:
        self._delete_uploads()
        self.page.set_input_files("input[name=upgrade_zip]", package)
        self.page.click("input[value=Upload]")
        self.page.click("input[name=btn_mode][value=Install]")
        self._commit()

    def uninstall(self) -> None:
        self._switch("Uninstall")

    def disable(self) -> None:
        self._switch("Disable")

    def enable(self) -> None:
        self._switch("Enable")

    def _switch(self, mode: str) -> None:
        self.open_module_loader()
        self.page.click(f"input[name=btn_mode][value={mode}]")
        self._commit()

    def _delete_uploads(self) -> None:
        """Until the list is empty: a row says which package it is by name only."""
        self.open_module_loader()
        uploads = self.page.locator("input[value='Delete Package']")
        while uploads.count() > 0:
            uploads.first.click()
            self.page.wait_for_load_state("networkidle")
            self.open_module_loader()

    def _commit(self) -> None:
        self.page.click("input[name=btn_mode][value=Commit], input[value=Commit]")
        self.page.wait_for_selector("text=successfully", timeout=90_000)

    def edit_deal(self, deal_id: str, **values: str) -> None:
        """Types the values into the deal's edit page and saves it."""
        self.open("Opportunities", "EditView", record=deal_id)
        self._save(values)

    def create_deal(self, account_id: str, **values: str) -> None:
        """Fills in the page for a new deal of an account and saves it."""
        self.open("Opportunities", "EditView", account_id=account_id, account_name="A")
        self._save(values)

    def shown_on_deal(self, deal_id: str) -> str:
        """What the deal's own page shows as its visit."""
        self.open("Opportunities", "DetailView", record=deal_id)
        return self.page.locator("[field=roistat_c]").inner_text().strip()

    def _save(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            self.page.fill(f"#EditView [name={name}]", value)
        self.page.click("#SAVE >> nth=0")
        self.page.wait_for_url("**action=DetailView**")
