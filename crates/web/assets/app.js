// Makes the components livelier; every page works without it.
import {
  Accordion, Button, Checkboxes, ErrorSummary, FileUpload, NotificationBanner, PasswordInput, Radios,
  ServiceNavigation, SkipLink, Tabs, createAll,
} from "govuk-frontend";

// A module runs only where modules are known, which is what the package asks for.
document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const Component of [
  Accordion, Button, Checkboxes, ErrorSummary, FileUpload, NotificationBanner, PasswordInput, Radios,
  ServiceNavigation, SkipLink, Tabs,
]) {
  createAll(Component);
}
