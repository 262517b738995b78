"""The cells of an editable grid, which is a canvas with a table for screen readers behind it."""

from tests.journeys.test_form_in_browser import wait_for


def cell(scope, row, column):
    """Return a cell, counted from 0; `scope` is the page or what holds the grid."""
    return scope.get_by_test_id(f"glide-cell-{column + 1}-{row}")


def choose_cell(page, scope, row, column):
    """Select a cell of the grid in `scope`; the canvas takes clicks only once it is laid out."""
    grid = scope.locator("[data-testid=stDataFrame]")
    wait_for(lambda: grid.count() == 1)  # a grid that is drawn anew stands beside the old one for a moment
    grid.scroll_into_view_if_needed()

    def selected(row, column):
        return cell(scope, row, column).get_attribute("aria-selected") == "true"

    def first_chosen():
        # A second click on the same cell would open its editor: look for a while before clicking again.
        corner = grid.bounding_box()
        page.mouse.click(corner["x"] + 75, corner["y"] + 52)
        for _ in range(30):
            if selected(0, 0):
                return True
            page.wait_for_timeout(100)
        return False

    wait_for(first_chosen)
    for key, times in (("ArrowDown", row), ("ArrowRight", column)):
        for _ in range(times):
            page.keyboard.press(key)
    wait_for(lambda: selected(row, column))
