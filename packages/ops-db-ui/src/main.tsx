import "~/styles/tokens.css";
import "~/styles/base.css";
import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { askedAhead } from "~/ahead";
import { makeQueryClient } from "~/api/cache";
import { takeAnswers } from "~/api/client";
import { HintPopup } from "~/components/HintPopup";
import { applyPreferences } from "~/preferences/preferences";
import { loadAhead, makeRouter } from "~/router";
import { nameMissingParts } from "~/shell/new-version";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no element #root");

const cache = makeQueryClient();
const router = makeRouter(cache);
takeAnswers(askedAhead);
applyPreferences();
nameMissingParts();
loadAhead(router);

createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={cache}>
        <RouterProvider router={router} />
        <HintPopup />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
