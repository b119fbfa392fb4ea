"""What a person does on a page, each step waited for: press, click, fill in, give a reason."""

from collections.abc import Mapping

from playwright.async_api import BrowserContext, Locator, Page, expect


async def shown(context: BrowserContext, path: str) -> Page:
    """A page that answered well."""
    page = await context.new_page()
    answer = await page.goto(path)
    assert answer is not None
    assert answer.status == 200, path
    return page


async def pressed(page: Page, key: str) -> None:
    """Press a key that makes the page load anew."""
    async with page.expect_navigation():
        await page.keyboard.press(key)


async def clicked(page: Page, button: Locator) -> None:
    """Press a button that makes the page load anew."""
    async with page.expect_navigation():
        await button.click()


async def confirmed(page: Page, reason: str = "") -> None:
    """Answer the question that was just asked: yes, with a reason where one is asked for."""
    await expect(page.locator("dialog#ask")).to_be_visible()
    if reason:
        await page.locator("#ask-reason").fill(reason)
    async with page.expect_navigation():
        await page.locator("#ask-yes").click()


async def filled(page: Page, form: Locator, values: Mapping[str, str]) -> None:
    """Fill a form in by the names of its fields, and send it."""
    for name, value in values.items():
        field = form.locator(f"[name='{name}']")
        if await field.evaluate("e => e.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    async with page.expect_navigation():
        await form.locator("button[type=submit]").click()
