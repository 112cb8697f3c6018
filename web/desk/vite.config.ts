import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The pages are built into the Python package, which serves them and is shipped with them. */
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../../ctid/desktop/web",
    emptyOutDir: true,
    chunkSizeWarningLimit: 1_500,
    rollupOptions: {
      output: { manualChunks: { antd: ["antd", "@ant-design/icons"], echarts: ["echarts"], phone: ["jssip"] } },
    },
  },
  server: { proxy: { "/v1": { target: "http://127.0.0.1:8080", ws: true } } },
});
